import { LabelError, OptionError, ShapeError, ValueError } from "../errors.ts";
import { type HostValues, hostTensor, nameOf } from "../host-values.ts";
import { type Integers, integers } from "../integers.ts";
import { runtimeOf } from "../ops/apply.ts";
import { checkKeys } from "../options.ts";
import { type Shape, sameShape, show, sizeOf } from "../shape.ts";
import { Tensor } from "../tensor.ts";

/**
 * What a row should have been: a class index each (`labels`, host data, the shape of the batch or flat), or a
 * distribution over the classes (`probabilities`, a tensor like the logits). The two cannot be mixed up.
 */
export type Targets =
  | { readonly labels: Integers; readonly probabilities?: never }
  | { readonly probabilities: Tensor; readonly labels?: never };

/** How rows become the result: their weighted mean, their sum, or not at all. */
export type Reduction = "mean" | "sum" | "none";

export interface LossOptions {
  /** `"mean"` (default): Σ losses / Σ weights of the live rows; `"sum"`; or `"none"`: one loss a row, of the batch's shape. */
  readonly reduction?: Reduction;
  /** ε: targets become (1−ε)·T + ε/C; 0 (default) to 1. */
  readonly labelSmoothing?: number;
  /** One weight ≥ 0 for each class; with labels, a row weighs what its label weighs in the mean (PyTorch's rule). */
  readonly classWeights?: HostValues;
  /** A label, or several, whose rows count for nothing: loss 0, gradient 0, not in the mean. Their logits are not read. */
  readonly ignoreIndex?: number | readonly number[];
}

export const LOSS_OPTIONS = ["reduction", "labelSmoothing", "classWeights", "ignoreIndex"] as const;

/** A loss whose every argument was checked: what the kernel is called with, and what the host knows about it. */
export interface LossProblem {
  readonly op: string;
  /** The shape of the batch: the logits' without the class axis. */
  readonly batch: Shape;
  readonly rows: number;
  readonly classes: number;
  /** −1 for an ignored row; absent with probabilities. */
  readonly labels: Int32Array | undefined;
  readonly probabilities: Tensor | undefined;
  readonly classWeights: Float64Array | undefined;
  readonly smoothing: number;
  readonly reduction: Reduction;
  /** Rows that are not ignored. */
  readonly liveRows: number;
  /** Σ of the weights of the live rows: what the mean divides by. */
  readonly weight: number;
  /** What the sum of the rows is multiplied by: 1/weight (0 for weight 0) for a mean, else 1. */
  readonly scale: number;
}

/** Checks everything a loss is called with, before any kernel runs. */
export function lossProblem(
  op: string,
  logits: Tensor,
  targets: Targets,
  options: LossOptions,
  knownOptions: readonly string[] = LOSS_OPTIONS,
): LossProblem {
  runtimeOf(op, [logits]);
  checkKeys(op, options, knownOptions);
  const classes = logits.shape.at(-1);
  if (classes === undefined) throw new ShapeError(`${op}: logits are a scalar []; they are [..., classes]`);
  if (classes === 0)
    throw new ShapeError(`${op}: logits ${show(logits.shape)} have no classes; the last axis is the class axis`);
  if (classes > 2 ** 24) throw new ShapeError(`${op}: logits ${show(logits.shape)} have more than 2^24 classes`);
  const batch = logits.shape.slice(0, -1);
  const rows = sizeOf(batch);
  const { labels, probabilities } = checkedTargets(op, logits, targets, batch, options.ignoreIndex);
  const classWeights = checkedClassWeights(op, options.classWeights, classes, logits.runtime.facts.floatBytes);
  const reduction = checkedReduction(op, options.reduction);
  const { liveRows, weight } = weigh(labels, rows, classWeights);
  const scale = reduction !== "mean" ? 1 : weight === 0 ? 0 : 1 / weight;
  const smoothing = checkedSmoothing(op, options.labelSmoothing);
  return {
    op,
    batch,
    rows,
    classes,
    labels,
    probabilities,
    classWeights,
    smoothing,
    reduction,
    liveRows,
    weight,
    scale,
  };
}

function checkedTargets(
  op: string,
  logits: Tensor,
  targets: Targets,
  batch: Shape,
  ignoreIndex: LossOptions["ignoreIndex"],
): { labels: Int32Array | undefined; probabilities: Tensor | undefined } {
  const remedy = "pass { labels } (class indices on the host) or { probabilities } (a tensor like the logits)";
  if (typeof targets !== "object" || targets === null || targets instanceof Tensor || "length" in targets) {
    throw new ValueError(`${op}: targets are an object: ${remedy}, not ${nameOf(targets)}`);
  }
  checkKeys(op, targets, ["labels", "probabilities"]);
  const { labels, probabilities } = targets;
  if ((labels === undefined) === (probabilities === undefined))
    throw new ValueError(`${op}: targets need exactly one of the two: ${remedy}`);
  if (labels !== undefined)
    return { labels: checkedLabels(op, labels, batch, logits.shape.at(-1)!, ignoreIndex), probabilities: undefined };
  runtimeOf(op, [logits, probabilities!]);
  if (!sameShape(probabilities!.shape, logits.shape)) {
    throw new ShapeError(
      `${op}: probabilities ${show(probabilities!.shape)} and logits ${show(logits.shape)} must have one shape`,
    );
  }
  if (ignoreIndex !== undefined)
    throw new OptionError(
      `${op}: ignoreIndex names labels and cannot go with probabilities; give rows weight 0 instead`,
    );
  return { labels: undefined, probabilities };
}

function checkedLabels(
  op: string,
  labels: Integers,
  batch: Shape,
  classes: number,
  ignoreIndex: LossOptions["ignoreIndex"],
): Int32Array {
  const { data, shape } = integers(op, "label", labels, classes);
  const rows = sizeOf(batch);
  const flat = shape.length <= 1 && data.length === rows;
  if (!flat && !sameShape(shape, batch)) {
    throw new ShapeError(
      `${op}: labels ${show(shape)} do not fit the batch ${show(batch)} of the logits ${show([...batch, classes])}: one label a row`,
    );
  }
  const ignored = checkedIgnoreIndex(op, ignoreIndex);
  const checked = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = data[row]!;
    if (ignored.has(label)) checked[row] = -1;
    else if (label >= 0 && label < classes) checked[row] = label;
    else {
      throw new LabelError(
        `${op}: label ${label} at row ${row} is outside 0 … ${classes - 1} (${classes} classes); if it marks rows to skip, pass { ignoreIndex: ${label} }`,
        row,
        label,
        classes,
      );
    }
  }
  return checked;
}

function checkedIgnoreIndex(op: string, ignoreIndex: LossOptions["ignoreIndex"]): Set<number> {
  if (ignoreIndex === undefined) return new Set();
  const set = new Set(Array.isArray(ignoreIndex) ? (ignoreIndex as number[]) : [ignoreIndex as number]);
  for (const label of set) {
    if (!Number.isSafeInteger(label))
      throw new OptionError(`${op}: ignoreIndex is a whole number or an array of them, not ${nameOf(label)}`);
  }
  return set;
}

function checkedClassWeights(
  op: string,
  weights: HostValues | undefined,
  classes: number,
  floatBytes: 4 | 8,
): Float64Array | undefined {
  if (weights === undefined) return undefined;
  const { data, shape } = hostTensor(op, weights);
  if (shape.length !== 1 || data.length !== classes) {
    throw new ShapeError(`${op}: classWeights ${show(shape)} must be one weight for each of the ${classes} classes`);
  }
  const checked = Float64Array.from(data);
  const bad = checked.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (bad >= 0)
    throw new OptionError(`${op}: classWeights must be finite and ≥ 0, and class ${bad} has ${checked[bad]}`);
  // Sums of weights and their reciprocals must be numbers of the device too.
  const [smallest, largest] = floatBytes === 4 ? [2 ** -126, 2 ** 100] : [2 ** -1000, 2 ** 1000];
  const extreme = checked.find((weight) => weight !== 0 && (weight < smallest || weight > largest));
  if (extreme !== undefined) {
    throw new OptionError(
      `${op}: classWeights on this device are 0 or from ${smallest} to ${largest}, and one is ${extreme}; scale them all, the mean stays the same`,
    );
  }
  return checked;
}

function checkedReduction(op: string, reduction: Reduction = "mean"): Reduction {
  if (reduction === "mean" || reduction === "sum" || reduction === "none") return reduction;
  throw new OptionError(`${op}: reduction is "mean", "sum" or "none", not ${nameOf(reduction)}`);
}

function checkedSmoothing(op: string, smoothing = 0): number {
  if (typeof smoothing === "number" && smoothing >= 0 && smoothing <= 1) return smoothing;
  throw new OptionError(`${op}: labelSmoothing is a number from 0 to 1, not ${nameOf(smoothing)}`);
}

function weigh(
  labels: Int32Array | undefined,
  rows: number,
  classWeights: Float64Array | undefined,
): { liveRows: number; weight: number } {
  if (labels === undefined) return { liveRows: rows, weight: rows };
  let liveRows = 0;
  let weight = 0;
  for (const label of labels) {
    if (label < 0) continue;
    liveRows++;
    weight += classWeights === undefined ? 1 : classWeights[label]!;
  }
  return { liveRows, weight };
}
