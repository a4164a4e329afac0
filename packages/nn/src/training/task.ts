import { type Scope, softmax, sum, type Tensor } from "@surprisal/core";
import type { ApplyOptions, Model } from "../model/build-model.ts";
import { type Ending, endingOf } from "../model/final-softmax.ts";
import { inputOf, targetsOf, weightsOf } from "./batches.ts";
import type { DataSet } from "./data-set.ts";
import { inDataSet } from "./label-in-data-set.ts";
import { type BatchMean, type BatchTargets, type Measure, meanOf, rowsOf, weightedMeanOf } from "./measure.ts";
import type { BatchTotal } from "./scores.ts";

/** A model, and what it is trained for and judged by. */
export interface Task<X> {
  readonly model: Model<X>;
  readonly loss: Measure;
  readonly metrics: readonly Measure[];
}

/** Some rows of a data set. */
export interface Batch {
  readonly data: DataSet;
  readonly positions: Uint32Array;
}

/** A batch's loss, and what its metrics are taken from. */
export interface BatchLoss extends Ending {
  readonly loss: BatchMean;
  readonly targets: BatchTargets;
}

/** The loss of a model on a batch, which is sent to the device for it. */
export function batchLoss<X>(
  op: string,
  { model, loss }: Task<X>,
  { data, positions }: Batch,
  step: Scope,
  options: ApplyOptions,
): BatchLoss {
  const x = inputOf(model.layer, data.x, positions, step);
  const targets = targetsOf(data.y, positions, step);
  const weights = weightsOf(data, positions);
  const ending = endOf(model, x, options);
  const y = loss.on === "logits" ? ending.logits : ending.toOutput(ending.logits);
  try {
    const mean = weights === undefined ? meanOf(loss, y, targets) : weightedMeanOf(loss, y, targets, weights);
    return { ...ending, loss: mean, targets };
  } catch (error) {
    throw inDataSet(op, error, positions);
  }
}

/** What a batch adds to the means of the loss and the metrics. Keras does not weigh the latter. */
export function batchTotals<X>({ metrics }: Task<X>, { loss, logits, toOutput, targets }: BatchLoss): BatchTotal[] {
  let output: Tensor | undefined;
  const totals = metrics.map((metric): BatchTotal => {
    if (metric.on === "output") output ??= toOutput(logits);
    const rows = rowsOf(metric, metric.on === "output" ? output! : logits, targets);
    return { value: sum(rows), factor: 1, weight: rows.size };
  });
  return [{ value: loss.mean, factor: loss.weight, weight: loss.weight }, ...totals];
}

/** The names of a task's numbers, as {@link batchTotals} has them. */
export function namesOf<X>({ metrics }: Task<X>): string[] {
  return ["loss", ...metrics.map(({ name }) => name)];
}

/** The logits, also where the model does not say of itself that it ends with a softmax. */
function endOf<X>(model: Model<X>, x: X, options: ApplyOptions): Ending {
  if (model.layer.logits !== undefined) return { logits: model.logits(x, options), toOutput: softmax };
  return endingOf(model.apply(x, options));
}
