import { GradientError } from "../errors.ts";
import { affine } from "../ops/arithmetic.ts";
import { type Pullback, record, recordingsOf } from "../recording.ts";
import { Region, type Tensor, youngestRegion } from "../tensor.ts";
import { called, checkParameters } from "./recorded.ts";
import type { TensorFunction } from "./structure.ts";

/**
 * Calls a user's function as one op: nothing in it is recorded, all that it made but its result is freed at once, and
 * `pullback` is what recordings see.
 * @throws GradientError if the function reads a tensor that is differentiated through and not among its parameters: that
 * gradient would be lost without a word
 */
export function opaque(op: string, f: TensorFunction, params: readonly Tensor[], pullback: Pullback): Tensor {
  checkParameters(op, params);
  const target = youngestRegion(params);
  const inner = new Region(target.runtime, target);
  try {
    const found = called(
      op,
      f,
      params.map((param) => param.alias(op, inner)),
    );
    if (recordingsOf([found]).length > 0) {
      throw new GradientError(
        `${op}: the function reads a tensor that is being differentiated and is not among its parameters; pass it as one, or through stopGradient`,
      );
    }
    // A tensor from outside stays where it is, and a parameter itself will change.
    const output = found.storage.mutable
      ? affine(found, 1, 0, op)
      : found.region === inner
        ? found
        : found.alias(op, inner);
    output.moveTo(target);
    return record(params, output, pullback, [], true);
  } finally {
    inner.end();
  }
}
