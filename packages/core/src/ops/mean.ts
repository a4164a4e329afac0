import type { Tensor } from "../tensor.ts";
import { withTemporaries } from "./apply.ts";
import { affine } from "./arithmetic.ts";
import { type Axes, type ReduceOptions, total } from "./sum.ts";

/** Arithmetic mean over axes: y = Σ x / n. The mean of nothing is NaN. ∂x = g/n, broadcast back. */
export function mean(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return withTemporaries((temporary) => {
    const folded = temporary(total("mean", x, axes, options));
    const count = folded.size === 0 ? 1 : x.size / folded.size;
    return affine(folded, 1 / count, 0, "mean");
  });
}
