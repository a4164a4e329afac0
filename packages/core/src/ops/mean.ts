import type { Tensor } from "../tensor.ts";
import { type Axes, type ReduceOptions, total } from "./sum.ts";

/** Arithmetic mean over axes: y = Σ x / n. The mean of nothing is NaN. ∂x = g/n, broadcast back. */
export function mean(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return total("mean", x, axes, options, (count) => 1 / count);
}
