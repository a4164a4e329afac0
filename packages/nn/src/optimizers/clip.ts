import {
  abs,
  add,
  clip,
  div,
  greater,
  greaterEqual,
  type Like,
  less,
  max,
  maximum,
  mul,
  OptionError,
  select,
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
 * New tensors of the scope of the old; nothing is read back. Large gradients are squared as parts of the largest, so that
 * their norm does not overflow before they do. NaN among them makes all NaN; an infinity makes itself NaN and the finite 0,
 * as in PyTorch.
 */
export function clipByGlobalNorm<G extends object>(
  gradients: G,
  maxNorm: number,
): { readonly gradients: Like<G>; readonly norm: Tensor } {
  checkLimit("clipByGlobalNorm", maxNorm);
  const tensors = tensorsOf("clipByGlobalNorm", gradients);
  if (tensors.length === 0) throw new OptionError("clipByGlobalNorm: there are no gradients");
  const unit = unitOf(tensors);
  const squares = tensors.map((gradient) => sum(square(div(gradient, unit))));
  const norm = sqrt(squares.reduce((a, b) => add(a, b))); // in that unit
  const factor = div(maxNorm, add(norm, div(1e-6, unit)));
  const fits = greaterEqual(factor, unit);
  const clipped = (gradient: Tensor): Tensor => select(fits, gradient, mul(div(gradient, unit), factor));
  return { gradients: mapTensors("clipByGlobalNorm", gradients, clipped), norm: mul(norm, unit) };
}

/** Numbers up to here are squared as they are, in float32 too. */
const SAFE = 1e12;

/** What gradients are measured in: 1, or the largest of them where its square might overflow; 1 where it is not finite. */
function unitOf(tensors: readonly Tensor[]): Tensor {
  const filled = tensors.filter(({ size }) => size > 0);
  const largest = filled.map((gradient) => max(abs(gradient)));
  const top = largest.length === 0 ? mul(sum(tensors[0]!), 0) : largest.reduce((a, b) => maximum(a, b));
  return select(mul(greater(top, SAFE), less(top, Number.POSITIVE_INFINITY)), top, 1);
}

/** Checks what gradients are limited by. */
export function checkLimit(op: string, limit: number): void {
  if (!(typeof limit === "number" && limit > 0))
    throw new OptionError(`${op}: the limit is a number above 0, not ${String(limit)}`);
}
