import type { HostTensor, Scope, Tensor } from "@surprisal/core";
import type { Layer } from "../layers/layer.ts";
import type { DataSet } from "./data-set.ts";
import type { Rows } from "./examples.ts";
import type { BatchTargets } from "./measure.ts";

/** A batch of inputs as the model takes them: a tensor of the step, or indices on the host. */
export function inputOf<X>(layer: Layer<X>, rows: Rows<unknown>, positions: Uint32Array, step: Scope): X {
  const batch = rows.take(positions);
  return (layer.input === "indices" ? batch : step.tensor(batch as HostTensor)) as X;
}

/** A batch of targets, sent to the device when they are asked for. */
export function targetsOf(y: Rows, positions: Uint32Array, step: Scope): BatchTargets {
  const values = y.take(positions);
  let tensor: Tensor | undefined;
  return {
    shape: values.shape,
    labels: values.data as BatchTargets["labels"],
    tensor: () => {
      tensor ??= step.tensor(values);
      return tensor;
    },
    constant: (constant) => step.tensor(constant),
  };
}

/** The weights of a batch's rows. */
export function weightsOf({ weights }: DataSet, positions: Uint32Array): Float64Array | undefined {
  if (weights === undefined) return undefined;
  const batch = new Float64Array(positions.length);
  for (let i = 0; i < batch.length; i++) batch[i] = weights[positions[i]!]!;
  return batch;
}

/** Positions of all rows, batch by batch; the last may be smaller. */
export function* batchesOf(order: Uint32Array, batchSize: number): Generator<Uint32Array> {
  for (let start = 0; start < order.length; start += batchSize) yield order.subarray(start, start + batchSize);
}
