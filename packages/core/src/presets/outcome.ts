import { isSurprisalError } from "../errors.ts";
import { gradientsOf } from "../gradients/recorded.ts";
import { integers } from "../integers.ts";
import type { LossOptions, Targets } from "../loss/loss-options.ts";
import { axisOf, sizeOf } from "../shape.ts";
import type { Region, Tensor } from "../tensor.ts";
import { presetLoss, presetOptions, presetTargets } from "./loss-as.ts";
import type { Preset } from "./preset.ts";

/** What becomes of a row: its class, or neither loss nor gradient; nothing to tell with probabilities. */
export type RowFate = number | "ignored" | "refused" | undefined;

/** What a preset answers on a batch, read from the device. */
export interface Outcome {
  /** The mean, if the batch is not refused. */
  readonly loss: number | undefined;
  /** Why it is refused. */
  readonly error: string | undefined;
  readonly fates: readonly RowFate[];
  /** One loss a row; 0 for those that are refused. */
  readonly rows: ArrayLike<number>;
  /** The gradient of each row's own loss. */
  readonly gradients: readonly (readonly number[])[];
}

/** Computes an answer. What it makes is freed at once; all reads are enqueued before it returns. */
export function outcomeOf(
  op: string,
  region: Region,
  logits: Tensor,
  targets: Targets,
  preset: Preset,
  options: LossOptions,
): Promise<Outcome> {
  const settled = presetOptions(preset, logits, targets, options);
  const own = presetTargets(op, preset, logits, targets, settled);
  const axis = axisOf(op, settled.axis!, logits.rank);
  const fates = fatesOf(op, own, settled, logits.shape[axis]!, logits.size);
  const refused = fates.some((fate) => fate === "refused");
  const error = refused ? refusalOf(op, () => presetLoss(op, logits, targets, preset, options)) : undefined;
  const shown: Targets = refused ? { labels: fates.map((fate) => (typeof fate === "number" ? fate : -1)) } : own;
  const rule: Preset = { ...preset, labelsOutOfRange: "error" };
  const kept = refused ? { ...options, ignoreIndex: -1 } : options;
  const lossOf = (z: Tensor, reduction: "mean" | "sum" | "none"): Tensor => {
    const { denominator: _, ...rest } = kept;
    return presetLoss(op, z, shown, rule, { ...(reduction === "mean" ? kept : rest), reduction });
  };
  const mean = refused ? undefined : lossOf(logits, "mean").item();
  const rows = lossOf(logits, "none").data();
  const { gradients } = gradientsOf(op, region, ([z]) => lossOf(z!, "sum"), [logits]);
  const read = Promise.all([mean, rows, gradients[0]!.data()]);
  return read.then(([loss, rowLosses, gradient]) => ({
    loss,
    error,
    fates,
    rows: rowLosses,
    gradients: rowsOf(gradient, logits.shape, axis),
  }));
}

function fatesOf(op: string, targets: Targets, settled: LossOptions, classes: number, size: number): RowFate[] {
  if (targets?.labels === undefined) return Array.from({ length: size / classes }, () => undefined);
  const { ignoreIndex } = settled;
  const ignored: readonly (number | undefined)[] = Array.isArray(ignoreIndex) ? ignoreIndex : [ignoreIndex as number];
  return Array.from(integers(op, "label", targets.labels, classes).data, (label) => {
    if (ignored.includes(label)) return "ignored";
    return label >= 0 && label < classes ? label : "refused";
  });
}

/** What a label that names no class is told. */
function refusalOf(op: string, call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (isSurprisalError(error, "LABEL")) return error.message.replace(`${op}: `, "");
    throw error;
  }
  throw new Error("a refused label was accepted");
}

/** The numbers of each row, whichever axis the classes have. */
function rowsOf(data: ArrayLike<number>, shape: readonly number[], axis: number): number[][] {
  const classes = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  return Array.from({ length: classes === 0 ? 0 : data.length / classes }, (_, row) => {
    const start = Math.floor(row / inner) * classes * inner + (row % inner);
    return Array.from({ length: classes }, (_, j) => data[start + j * inner]!);
  });
}
