import {
  add,
  clip,
  div,
  type Like,
  minimum,
  mul,
  OptionError,
  sqrt,
  square,
  sum,
  type Tensor,
  tensorsOf,
} from "@surprisal/core";
import { mapTensors } from "./map-tensors.ts";

/**
 * Gradients with every number limited to [−limit, limit] (`torch.nn.utils.clip_grad_value_`), as new tensors of the scope
 * of the old.
 */
export function clipByValue<G extends object>(gradients: G, limit: number): Like<G> {
  checkLimit("clipByValue", limit);
  return mapTensors("clipByValue", gradients, (gradient) => clip(gradient, -limit, limit));
}

/**
 * Gradients scaled down together so that their norm is at most `maxNorm`, by PyTorch's formula
 * (`torch.nn.utils.clip_grad_norm_`): g·min(1, maxNorm/(‖g‖₂ + 1e-6)); and that norm, a scalar, as it was before.
 *
 * ```js
 * const { gradients: clipped, norm } = clipByGlobalNorm(gradients, 1);
 * ```
 *
 * New tensors of the scope of the old; nothing is read back. A norm that is not finite makes gradients that are not.
 */
export function clipByGlobalNorm<G extends object>(
  gradients: G,
  maxNorm: number,
): { readonly gradients: Like<G>; readonly norm: Tensor } {
  checkLimit("clipByGlobalNorm", maxNorm);
  const squares = tensorsOf("clipByGlobalNorm", gradients).map((gradient) => sum(square(gradient)));
  if (squares.length === 0) throw new OptionError("clipByGlobalNorm: there are no gradients");
  const norm = sqrt(squares.reduce((a, b) => add(a, b)));
  const factor = minimum(div(maxNorm, add(norm, 1e-6)), 1);
  return { gradients: mapTensors("clipByGlobalNorm", gradients, (gradient) => mul(gradient, factor)), norm };
}

function checkLimit(op: string, limit: number): void {
  if (!(limit > 0)) throw new OptionError(`${op}: the limit is a number above 0, not ${String(limit)}`);
}
