import { checkKeys, type Device, type Scope } from "@surprisal/core";
import { checkCount } from "../layers/dense.ts";
import { batchesOf } from "./batches.ts";
import { type DataSet, dataSet } from "./data-set.ts";
import { type Examples, inOrder } from "./examples.ts";
import { type Logs, scores } from "./scores.ts";
import { batchLoss, batchTotals, namesOf, type Task } from "./task.ts";

export interface EvaluateOptions {
  /** How many rows at a time (default 32). Changes nothing but speed and memory. */
  readonly batchSize?: number;
  /** A weight for each row in the loss. */
  readonly sampleWeight?: Examples;
  /** Stops after the batch at hand; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The loss and metrics of a model over a data set, as weighted means of all rows. */
export async function evaluate<X>(
  task: Task<X>,
  x: Examples,
  y: Examples,
  options: EvaluateOptions = {},
): Promise<Logs> {
  checkKeys("evaluate", options, ["batchSize", "sampleWeight", "signal"]);
  const { batchSize = 32, sampleWeight, signal } = options;
  checkCount("evaluate", "batchSize", batchSize);
  const data = dataSet("evaluate", task.model, x, y, { sampleWeight });
  return evaluated(task, data, batchSize, signal);
}

/** {@link evaluate} of data that was checked. */
export async function evaluated<X>(
  task: Task<X>,
  data: DataSet,
  batchSize: number,
  signal: AbortSignal | undefined,
): Promise<Logs> {
  const { model } = task;
  const means = scores(namesOf(task));
  for (const positions of batchesOf(inOrder(data.x.count), batchSize)) {
    signal?.throwIfAborted();
    within(model.device, (step) => {
      const parameters = step.borrow(model.parameters);
      means.add(batchTotals(task, batchLoss("evaluate", task, { data, positions }, step, { parameters })));
    });
    await model.device.tick();
    await means.next(2);
  }
  while (await means.next(0));
  signal?.throwIfAborted();
  return means.logs();
}

/** Runs one step with a scope that ends with it: what was asked to be read is read all the same. */
export function within<R>(device: Device, body: (step: Scope) => R): R {
  const step = device.scope();
  try {
    return body(step);
  } finally {
    step.dispose();
  }
}
