import { checkKeys, type Shape } from "@surprisal/core";
import { checkCount } from "../layers/dense.ts";
import type { Model } from "../model/build-model.ts";
import { batchesOf, inputOf } from "./batches.ts";
import { inputRows } from "./data-set.ts";
import { within } from "./evaluate.ts";
import { type Examples, inOrder } from "./examples.ts";

export interface PredictOptions {
  /** How many rows at a time (default 32). */
  readonly batchSize?: number;
  /** Stops after the batch at hand; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a model gives for rows, on the host: flat, with the shape [rows, …]. */
export interface Predictions {
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array;
}

/** A model's output for rows of examples: probabilities where it ends with a softmax. Any number may run at once. */
export async function predict<X>(model: Model<X>, x: Examples, options: PredictOptions = {}): Promise<Predictions> {
  checkKeys("predict", options, ["batchSize", "signal"]);
  const { batchSize = 32, signal } = options;
  checkCount("predict", "batchSize", batchSize);
  const { device, layer } = model;
  const rows = inputRows("predict", layer, x);
  const parts: Promise<Float32Array | Float64Array>[] = [];
  let shape: Shape = [];
  for (const positions of batchesOf(inOrder(rows.count), batchSize)) {
    signal?.throwIfAborted();
    within(device, (step) => {
      const parameters = step.borrow(model.parameters);
      const output = model.apply(inputOf(layer, rows, positions, step), { parameters });
      shape = [rows.count, ...output.shape.slice(1)];
      const part = output.data();
      part.catch(() => {});
      parts.push(part);
    });
    await device.tick();
  }
  return { shape, data: joined(await Promise.all(parts)) };
}

function joined(parts: readonly (Float32Array | Float64Array)[]): Float32Array | Float64Array {
  const size = parts.reduce((total, { length }) => total + length, 0);
  const all = parts[0] instanceof Float64Array ? new Float64Array(size) : new Float32Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
