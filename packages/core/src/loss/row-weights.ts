import { OptionError, ShapeError } from "../errors.ts";
import { type HostValues, hostTensor, nameOf } from "../host-values.ts";
import { runtimeOf } from "../ops/apply.ts";
import { type Shape, sameShape, show, sizeOf } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import type { LogitsLike } from "./class-axis.ts";
import type { Denominator, Reduction } from "./loss-options.ts";
import { isWithin, weightRange } from "./weight-range.ts";

/** One weight a row: on the host, on the device, or none. */
export interface RowWeights {
  readonly host: Float64Array | undefined;
  readonly device: Tensor | undefined;
}

/** Checks the weights of rows against the batch; those on the host are finite, and those on the device unknown. */
export function checkedRowWeights(
  op: string,
  weights: HostValues | Tensor | undefined,
  logits: LogitsLike,
  batch: Shape,
): RowWeights {
  if (weights === undefined) return { host: undefined, device: undefined };
  if (weights instanceof Tensor) {
    logits.runtime.assertSame(op, runtimeOf(op, [weights]));
    checkFit(op, weights.shape, weights.size, batch);
    return { host: undefined, device: weights };
  }
  const { data, shape } = hostTensor(`${op}: rowWeights`, weights);
  checkFit(op, shape, data.length, batch);
  const host = Float64Array.from(data);
  const range = weightRange(logits.runtime.facts.floatBytes);
  const bad = host.findIndex((weight) => !isWithin(weight, range));
  if (bad < 0) return { host, device: undefined };
  throw new OptionError(
    `${op}: rowWeights on this device are 0 or from ${range.smallest} to ${range.largest} in size, and row ${bad} has ${host[bad]}; scale them all, a mean by weights stays the same`,
  );
}

function checkFit(op: string, shape: Shape, size: number, batch: Shape): void {
  if (sameShape(shape, batch) || (shape.length <= 1 && size === sizeOf(batch))) return;
  throw new ShapeError(`${op}: rowWeights ${show(shape)} do not fit the batch ${show(batch)}: one weight a row`);
}

/** What is known of the rows when the denominator is chosen. */
export interface CountedRows {
  readonly rows: number;
  /** How many of them are ignored. */
  readonly ignored: number;
  /** −1 for an ignored row; absent with probabilities. */
  readonly labels: ArrayLike<number> | undefined;
  readonly classWeights: Float64Array | undefined;
  readonly weights: RowWeights;
}

/**
 * The weight of the rows, by which a mean divides; nothing where only the device knows it.
 *
 * A row's effective weight is r_i·w_{y_i} for labels and r_i for probabilities; smoothing does not change it.
 */
export function weightOf(op: string, denominator: Denominator, counted: CountedRows): number | undefined {
  const { rows, ignored, labels, classWeights, weights } = counted;
  if (typeof denominator === "number") return denominator;
  if (denominator === "batch") return rows;
  if (denominator === "rows") return rows - ignored;
  if (weights.device !== undefined) return undefined;
  const areAllOne = weights.host === undefined && (labels === undefined || classWeights === undefined);
  if (areAllOne) return rows - ignored;
  let weight = 0;
  for (let row = 0; row < rows; row++) {
    if (labels !== undefined && labels[row]! < 0) continue;
    const r = weights.host?.[row] ?? 1;
    if (r < 0) {
      throw new OptionError(
        `${op}: the mean divides by the weights, and rowWeights has ${r} at row ${row}; with weights below 0 set denominator to "rows", "batch" or a number`,
      );
    }
    weight += r * (labels && classWeights ? classWeights[labels[row]!]! : 1);
  }
  return weight;
}

/** Checks what a mean is divided by. */
export function checkedDenominator(op: string, denominator: unknown): Denominator {
  if (denominator === undefined) return "weights";
  if (denominator === "weights" || denominator === "rows" || denominator === "batch") return denominator;
  if (typeof denominator === "number" && denominator >= 0 && denominator < Number.POSITIVE_INFINITY) return denominator;
  throw new OptionError(
    `${op}: denominator is "weights", "rows", "batch" or a finite number ≥ 0, not ${nameOf(denominator)}`,
  );
}

/** 1/weight for a mean, 0 for weight 0 (never 1/0), and 1 for what is not divided. */
export function scaleOf(reduction: Reduction, weight: number | undefined): number {
  if (reduction !== "mean" || weight === undefined) return 1;
  return weight === 0 ? 0 : 1 / weight;
}
