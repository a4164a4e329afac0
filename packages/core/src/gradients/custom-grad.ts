import { ShapeError, ValueError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { runtimeOf } from "../ops/apply.ts";
import { sameShape, show } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { opaque } from "./opaque.ts";
import { type Like, overTensors, structured, tensorsLike, tensorsOf } from "./structure.ts";

/**
 * From the cotangent `g` of a value, of its shape, the gradients of ⟨value, g⟩ in the structure of the parameters. Written
 * with ops: then second derivatives follow. `jvp` is right where it is linear in `g`.
 */
export type CustomPullback<P> = (g: Tensor, params: P, value: Tensor) => Like<P>;

/**
 * A function with a derivative of your own: `customGrad(f, pullback)(params)` computes f unrecorded, and gradients come from
 * `pullback` (`tf.custom_gradient`, `jax.custom_vjp`, `torch.autograd.Function`).
 *
 * ```ts
 * const clipped = customGrad((x) => mul(x, 1), (g) => clip(g, -1, 1)); // the gradient is clipped on its way back
 * ```
 *
 * @throws GradientError if `f` reads a tensor that is differentiated and not among the parameters; when the gradient is
 * taken, ValueError or ShapeError if `pullback` gives gradients of another structure or shape
 */
export function customGrad<P extends object>(
  f: (params: P) => Tensor,
  pullback: CustomPullback<P>,
): (params: P) => Tensor {
  const op = "customGrad";
  if (typeof pullback !== "function") {
    throw new ValueError(`${op}: the pullback is a function of (g, params, value), not ${nameOf(pullback)}`);
  }
  return (params) => {
    const run = overTensors(op, f, params);
    return opaque(op, run, tensorsOf(op, params), (g, inputs, value) => {
      const found = tensorsLike(op, params, pullback(g, structured<P>(params, inputs), value));
      runtimeOf(op, [...inputs, ...found]);
      return found.map((gradient, i) => {
        const { shape } = inputs[i]!;
        if (sameShape(gradient.shape, shape)) return () => gradient;
        throw new ShapeError(
          `${op}: the pullback gave ${show(gradient.shape)} for a parameter of shape ${show(shape)}; sum what was broadcast`,
        );
      });
    });
  };
}
