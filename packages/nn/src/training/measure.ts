import {
  type HostTensor,
  mean,
  mul,
  type NumberArray,
  OptionError,
  type Shape,
  ShapeError,
  select,
  sum,
  type Tensor,
} from "@surprisal/core";

/** What the rows of one batch should have been. */
export interface BatchTargets {
  /** Of the batch: [rows], or [rows, …]. */
  readonly shape: Shape;
  /** The numbers on the host: class indices, for one. They are this batch's until the measure returns. */
  readonly labels: NumberArray;
  /** The same as a tensor of this step: distributions, or numbers to predict. */
  tensor(): Tensor;
  /** Other host numbers as a tensor of this step. */
  constant(values: HostTensor): Tensor;
}

/**
 * A number for each row of a batch, whose mean is of interest: a loss, or a metric.
 *
 * ```js
 * const confidence = { name: "confidence", on: "output", rows: (output) => max(output, -1) };
 * ```
 */
export interface Measure {
  /** Its name in the history. */
  readonly name: string;
  /** What it reads: what the model gives, or the logits behind a final softmax (the same where there is none). */
  readonly on: "output" | "logits";
  /** [rows, …]: one number for each row. */
  rows(y: Tensor, targets: BatchTargets): Tensor;
  /** The mean of the rows and how many there are, where that is to be had in one pass. */
  mean?(y: Tensor, targets: BatchTargets): { readonly mean: Tensor; readonly count: number };
  /**
   * Σ wᵢ·rowᵢ / Σ wᵢ with a weight ≥ 0 for each row, 0 where all are 0, where that is to be had in one pass. A row of weight
   * 0 counts for nothing, whatever its own number would be.
   */
  weightedMean?(y: Tensor, targets: BatchTargets, weights: Float64Array): Tensor;
}

/** A measure of one's own, if it is one. */
export function checkedMeasure(op: string, measure: Measure): Measure {
  const { name, on, rows } = measure;
  if (typeof name === "string" && (on === "output" || on === "logits") && typeof rows === "function") return measure;
  throw new OptionError(
    `${op}: a measure is { name, on, rows }: a text, "output" or "logits", and a function; not ${String(name)}, ${String(on)}, ${typeof rows}`,
  );
}

/** A mean and what it weighs among others. */
export interface BatchMean {
  readonly mean: Tensor;
  readonly weight: number;
}

/** The mean of a measure over a batch, without weights. */
export function meanOf(measure: Measure, y: Tensor, targets: BatchTargets): BatchMean {
  if (measure.mean !== undefined) {
    const { mean: whole, count } = measure.mean(y, targets);
    return { mean: whole, weight: count };
  }
  const rows = rowsOf(measure, y, targets);
  return { mean: mean(rows), weight: rows.size };
}

/** Σ wᵢ·rowᵢ / Σ wᵢ, and Σ wᵢ; 0 where nothing weighs anything. What weighs nothing counts for nothing, be it NaN. */
export function weightedMeanOf(measure: Measure, y: Tensor, targets: BatchTargets, weights: Float64Array): BatchMean {
  const weight = weights.reduce((total, w) => total + w, 0);
  if (measure.weightedMean !== undefined) return { mean: measure.weightedMean(y, targets, weights), weight };
  const rows = rowsOf(measure, y, targets);
  if (rows.rank !== 1) {
    throw new ShapeError(
      `${measure.name}: weights are one for each row, and the losses are [${rows.shape.join(", ")}]`,
    );
  }
  const share = targets.constant({ data: weights.map((w) => (weight === 0 ? 0 : w / weight)), shape: rows.shape });
  return { mean: sum(mul(select(share, rows, 0), share)), weight };
}

/** One number for each row, checked. */
export function rowsOf(measure: Measure, y: Tensor, targets: BatchTargets): Tensor {
  const rows = measure.rows(y, targets);
  if (rows?.shape?.[0] === targets.shape[0]) return rows;
  throw new ShapeError(
    `${measure.name}: gives [${rows?.shape?.join(", ")}], and there are ${targets.shape[0]} rows: return one number for each (reduction: "none")`,
  );
}
