import { composed, withTemporaries } from "../ops/apply.ts";
import { stopGradient } from "../ops/stop-gradient.ts";
import type { Tensor } from "../tensor.ts";

/** A composition that has no gradient and keeps none of its inputs alive. */
export function withoutGradient(op: string, inputs: readonly Tensor[], body: (...inputs: Tensor[]) => Tensor): Tensor {
  return withTemporaries((temporary) =>
    composed(
      op,
      inputs.map((input) => temporary(stopGradient(input))),
      body,
      () => [],
    ),
  );
}
