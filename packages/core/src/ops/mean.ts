import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { affine } from "./arithmetic.ts";
import { type Axes, type ReduceOptions, sum } from "./sum.ts";

/** Arithmetic mean over axes: y = Σ x / n. The mean of nothing is NaN. ∂x = g/n, broadcast back. */
export function mean(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  const total = sum(x, axes, options);
  const count = total.size === 0 ? 1 : x.size / sizeOf(total.shape);
  const y = affine(total, 1 / count, 0, "mean");
  total.dispose();
  return y;
}
