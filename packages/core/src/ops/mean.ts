import type { Tensor } from "../tensor.ts";
import { runtimeOf, withTemporaries } from "./apply.ts";
import { affine } from "./arithmetic.ts";
import { type Axes, type ReduceOptions, sum } from "./sum.ts";

/** Arithmetic mean over axes: y = Σ x / n. The mean of nothing is NaN. ∂x = g/n, broadcast back. */
export function mean(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  runtimeOf("mean", [x]);
  return withTemporaries((temporary) => {
    const total = temporary(sum(x, axes, options));
    const count = total.size === 0 ? 1 : x.size / total.size;
    return affine(total, 1 / count, 0, "mean");
  });
}
