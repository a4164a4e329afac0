import { axisOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** What a softmax was taken of. */
export interface LogitsBehind {
  readonly op: "softmax" | "logSoftmax";
  readonly logits: Tensor;
  /** The axis of the classes, from the front. */
  readonly axis: number;
}

const sources = new WeakMap<Tensor, LogitsBehind & { readonly version: number }>();

/** Notes what an output was taken of, so that a loss of probabilities can start from the logits. Returns the output. */
export function rememberLogits(output: Tensor, op: LogitsBehind["op"], logits: Tensor, axis: number): Tensor {
  const position = axisOf(op, axis, logits.rank);
  sources.set(output, { op, logits, axis: position, version: logits.storage.version });
  return output;
}

/**
 * The logits behind the very tensor that `softmax` or `logSoftmax` returned, while they live and nobody has written to
 * them. A reshaped or watched copy is another tensor, with nothing behind it.
 */
export function logitsBehind(output: Tensor): LogitsBehind | undefined {
  const source = sources.get(output);
  if (source === undefined || source.logits.disposed) return undefined;
  return source.logits.storage.version === source.version ? source : undefined;
}
