/** The engine behind every transform: a function of tensors runs in a recording, and the recording runs backwards. */
import { GradientError, ShapeError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { filled } from "../ops/apply.ts";
import { identity, Recording } from "../recording.ts";
import { sameShape, show } from "../shape.ts";
import { type Region, Tensor } from "../tensor.ts";
import { backward, checkedSeed, scalarSeed } from "./backward.ts";
import { structured, type TensorFunction } from "./structure.ts";

/** A value with a gradient for each parameter. */
export interface Gradients {
  readonly value: Tensor;
  readonly gradients: readonly Tensor[];
}

/** Gradients in the structure of the parameters they belong to. */
export function inStructure<S>(params: unknown, { value, gradients }: Gradients): { value: Tensor; gradients: S } {
  return { value, gradients: structured<S>(params, gradients) };
}

/** The value of f and the gradient of ⟨f, cotangent⟩, as tensors of `target`. Without a cotangent f is a scalar. */
export function gradientsOf(
  op: string,
  target: Region,
  f: TensorFunction,
  params: readonly Tensor[],
  cotangent?: Tensor,
): Gradients {
  const recording = new Recording(target);
  try {
    const sources = params.map((source) => recording.watch(source));
    const output = called(op, f, sources);
    const seed =
      cotangent === undefined ? scalarSeed(op, output, recording.region) : checkedSeed(op, output, cotangent);
    const value = handOutValue(output, recording, target);
    return { value, gradients: backward(recording, [seed], sources, target) };
  } finally {
    recording.end();
  }
}

/**
 * The value of f and its derivative along `directions`. Reverse mode is linear in its cotangent u, so that derivative is
 * the gradient of ⟨vjp(u), directions⟩ with respect to u.
 */
export function directionalDerivative(
  op: string,
  target: Region,
  f: TensorFunction,
  params: readonly Tensor[],
  directions: readonly Tensor[],
): { readonly value: Tensor; readonly tangent: Tensor } {
  checkDirections(op, params, directions);
  const outer = new Recording(target);
  const inner = new Recording(outer.region);
  try {
    const sources = params.map((source) => inner.watch(source));
    const output = called(op, f, sources);
    const u = outer.watch(filled(op, outer.region, output.shape, 0));
    const value = handOutValue(output, inner, target);
    const gradients = backward(inner, [{ output, cotangent: u }], sources, outer.region);
    const seeds = gradients.map((gradient, i) => ({ output: gradient, cotangent: directions[i]! }));
    const [tangent] = backward(outer, seeds, [u], target);
    return { value, tangent: tangent! };
  } finally {
    inner.end();
    outer.end();
  }
}

/** The value of a scalar f, its gradient, and the gradient of ⟨gradient, directions⟩: the Hessian times `directions`. */
export function hessianTimes(
  op: string,
  target: Region,
  f: TensorFunction,
  params: readonly Tensor[],
  directions: readonly Tensor[],
): Gradients & { readonly products: readonly Tensor[] } {
  checkDirections(op, params, directions);
  const outer = new Recording(target);
  const inner = new Recording(outer.region);
  try {
    const outerSources = params.map((source) => outer.watch(source));
    const sources = outerSources.map((source) => inner.watch(source));
    const output = called(op, f, sources);
    const seed = scalarSeed(op, output, inner.region);
    const value = handOutValue(output, inner, target);
    const gradients = backward(inner, [seed], sources, target);
    const seeds = gradients.map((gradient, i) => ({ output: gradient, cotangent: directions[i]! }));
    return { value, gradients, products: backward(outer, seeds, outerSources, target) };
  } finally {
    inner.end();
    outer.end();
  }
}

/** Calls a function that is to be differentiated, and checks that it returned a tensor. */
function called(op: string, f: TensorFunction, tensors: readonly Tensor[]): Tensor {
  const output: unknown = f(tensors);
  if (output instanceof Promise) {
    output.catch(() => {});
    throw new GradientError(
      `${op}: the function is asynchronous; enqueueing needs no await: read results after the gradient`,
    );
  }
  if (!(output instanceof Tensor)) {
    throw new GradientError(`${op}: the function must return a tensor, not ${nameOf(output)}`);
  }
  return output;
}

/** The function's value as a tensor of `target`; the recording keeps what it needs of it. */
function handOutValue(output: Tensor, recording: Recording, target: Region): Tensor {
  if (output.region !== recording.region) return identity(output, target);
  output.moveTo(target);
  return output;
}

function checkDirections(op: string, params: readonly Tensor[], directions: readonly Tensor[]): void {
  if (directions.length !== params.length) {
    throw new GradientError(
      `${op}: ${directions.length} vectors for ${params.length} parameters; give one of its shape for each`,
    );
  }
  for (const [i, direction] of directions.entries()) {
    const { shape } = params[i]!;
    if (!sameShape(direction.shape, shape)) {
      throw new ShapeError(`${op}: vector ${i} has shape ${show(direction.shape)}, and its parameter ${show(shape)}`);
    }
  }
}
