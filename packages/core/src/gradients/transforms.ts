/**
 * The transforms as functions of functions. Results belong to the youngest scope among the parameters, so that
 * transforms nest; with a scope at hand, its methods of the same names put them there.
 */
import type { Tensor } from "../tensor.ts";
import { type Region, youngestRegion } from "../tensor.ts";
import {
  checkParameters,
  directionalDerivative,
  gradientsOf,
  hessianTimes,
  inStructure,
  inStructureWithAux,
} from "./recorded.ts";
import { type Like, overTensors, structured, tensorsLike, tensorsOf, type WithAux } from "./structure.ts";

/** A function's value, and gradients in the structure of its parameters. */
export interface ValueAndGradients<T> {
  readonly value: Tensor;
  readonly gradients: Like<T>;
}

/** {@link ValueAndGradients} with what the function returned besides its value. */
export interface ValueGradientsAndAux<T, A extends object> extends ValueAndGradients<T> {
  readonly aux: Like<A>;
}

/** A function's value, and its derivative along a direction. */
export interface ValueAndTangent {
  readonly value: Tensor;
  readonly tangent: Tensor;
}

/** Value, gradients and Hessian–vector products of a scalar function, in the structure of its parameters. */
export interface HessianProduct<T> extends ValueAndGradients<T> {
  readonly products: Like<T>;
}

/**
 * The value and gradient of a scalar function: `valueAndGrad(f)(params)`.
 *
 * `f` runs once, synchronously. Everything it made is freed afterwards, also when it throws. It nests: the gradient of a
 * gradient is `grad((x) => sum(grad(f)(x)))`. Where `f` returns `{ value, aux }`, the tensors of `aux` (the logits behind
 * a loss, say) come back with the gradients; nothing is differentiated by way of them.
 * @throws GradientError if `f` does not return a scalar tensor
 */
export function valueAndGrad<P extends object>(f: (params: P) => Tensor): (params: P) => ValueAndGradients<P>;
export function valueAndGrad<P extends object, A extends object>(
  f: (params: P) => WithAux<A>,
): (params: P) => ValueGradientsAndAux<P, A>;
export function valueAndGrad<P extends object>(
  f: (params: P) => Tensor | WithAux<object>,
): (params: P) => ValueAndGradients<P> {
  return (params) => {
    const op = "valueAndGrad";
    const tensors = tensorsOf(op, params);
    return inStructureWithAux<Like<P>>(
      params,
      gradientsOf(op, regionOf(op, tensors), overTensors("valueAndGrad", f, params), tensors),
    );
  };
}

/** The gradient of a scalar function: `grad(f)(params)`, in the structure of the parameters. See {@link valueAndGrad}. */
export function grad<P extends object>(f: (params: P) => Tensor): (params: P) => Like<P> {
  return (params) => {
    const tensors = tensorsOf("grad", params);
    const { value, gradients } = gradientsOf(
      "grad",
      regionOf("grad", tensors),
      overTensors("grad", f, params),
      tensors,
    );
    value.dispose();
    return structured<Like<P>>(params, gradients);
  };
}

/**
 * Vector–Jacobian product of a function of any shape: the value y = f(params), and the gradient of ⟨y, cotangent⟩
 * (`torch.autograd.functional.vjp`). Without a cotangent y must be a scalar.
 */
export function vjp<T extends object>(
  f: (params: NoInfer<Like<T>>) => Tensor,
  params: T,
  cotangent?: Tensor,
): ValueAndGradients<T> {
  const tensors = tensorsOf("vjp", params);
  const region = regionOf("vjp", tensors);
  return inStructure<Like<T>>(params, gradientsOf("vjp", region, overTensors("vjp", f, params), tensors, cotangent));
}

/**
 * Jacobian–vector product: the value y = f(params) and ẏ, its derivative along `tangents`
 * (`jax.jvp`, `torch.autograd.functional.jvp`).
 */
export function jvp<T extends object>(
  f: (params: NoInfer<Like<T>>) => Tensor,
  params: T,
  tangents: NoInfer<Like<T>>,
): ValueAndTangent {
  const tensors = tensorsOf("jvp", params);
  return directionalDerivative(
    "jvp",
    regionOf("jvp", tensors),
    overTensors("jvp", f, params),
    tensors,
    tensorsLike("jvp", params, tangents),
  );
}

/**
 * Hessian–vector product of a scalar function: H·v, without ever holding H; with the value and gradient on the way
 * (`torch.autograd.functional.hvp`).
 * @throws GradientError if `f` does not return a scalar
 */
export function hvp<T extends object>(
  f: (params: NoInfer<Like<T>>) => Tensor,
  params: T,
  vectors: NoInfer<Like<T>>,
): HessianProduct<T> {
  const tensors = tensorsOf("hvp", params);
  const { value, gradients, products } = hessianTimes(
    "hvp",
    regionOf("hvp", tensors),
    overTensors("hvp", f, params),
    tensors,
    tensorsLike("hvp", params, vectors),
  );
  return { ...inStructure<Like<T>>(params, { value, gradients }), products: structured<Like<T>>(params, products) };
}

/** The youngest scope among parameters. */
export function regionOf(op: string, tensors: readonly Tensor[]): Region {
  checkParameters(op, tensors);
  return youngestRegion(tensors);
}
