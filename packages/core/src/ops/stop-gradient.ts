import type { Tensor } from "../tensor.ts";
import { runtimeOf } from "./apply.ts";

/** The same numbers, as a constant: y = x, ∂x = 0 (`tf.stop_gradient`, `tensor.detach`). Costs nothing. */
export function stopGradient(x: Tensor): Tensor {
  runtimeOf("stopGradient", [x]);
  return x.alias("stopGradient", x.region);
}
