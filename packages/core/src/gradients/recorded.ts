/** The engine behind every transform: a function of tensors runs in a recording, and the recording runs backwards. */
import { GradientError, ShapeError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { filled, runtimeOf } from "../ops/apply.ts";
import { Recording } from "../recording.ts";
import { sameShape, show } from "../shape.ts";
import { type Region, Tensor } from "../tensor.ts";
import { backward, checkedSeed, handOut, type Seed, scalarSeed } from "./backward.ts";
import { type AuxFunction, structured, type TensorFunction, tensorsOf, type WithAux } from "./structure.ts";

/** A value with a gradient for each parameter. */
export interface Gradients {
  readonly value: Tensor;
  readonly gradients: readonly Tensor[];
  /** What the function returned besides its value. */
  readonly aux?: Aux | undefined;
}

/** Tensors of a structure, in the order of {@link tensorsOf}. */
interface Aux {
  readonly like: unknown;
  readonly tensors: readonly Tensor[];
}

/** Gradients in the structure of the parameters they belong to. */
export function inStructure<S>(params: unknown, { value, gradients }: Gradients): { value: Tensor; gradients: S } {
  return { value, gradients: structured<S>(params, gradients) };
}

/** As {@link inStructure}, with what the function returned besides its value, if it did. */
export function inStructureWithAux<S>(
  params: unknown,
  { value, gradients, aux }: Gradients,
): { value: Tensor; gradients: S; aux?: unknown } {
  const own = inStructure<S>(params, { value, gradients });
  return aux === undefined ? own : { ...own, aux: structured(aux.like, aux.tensors) };
}

/** The value of f and the gradient of ⟨f, cotangent⟩, as tensors of `target`. Without a cotangent f is a scalar. */
export function gradientsOf(
  op: string,
  target: Region,
  f: AuxFunction,
  params: readonly Tensor[],
  cotangent?: Tensor,
): Gradients {
  checkParameters(op, params);
  const recording = new Recording(target);
  try {
    const sources = params.map((source) => recording.watch(op, source));
    const { output, aux } = calledWithAux(op, f, sources, recording.region);
    const seed =
      cotangent === undefined ? scalarSeed(op, output, recording.region) : checkedSeed(op, output, cotangent);
    const gradients = backward(recording, [seed], sources);
    return {
      value: handOut(output, recording, target),
      gradients: gradients.map((gradient) => handOut(gradient, recording, target)),
      aux: aux && { ...aux, tensors: aux.tensors.map((tensor) => handOut(tensor, recording, target)) },
    };
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
    const sources = params.map((source) => inner.watch(op, source));
    const output = called(op, f, sources);
    const u = outer.watch(op, filled(op, outer.region, output.shape, 0));
    const gradients = backward(inner, [{ output, cotangent: u }], sources);
    const [tangent] = backward(outer, along(gradients, directions), [u]);
    return { value: handOut(output, inner, target), tangent: handOut(tangent!, outer, target) };
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
    const outerSources = params.map((source) => outer.watch(op, source));
    const sources = outerSources.map((source) => inner.watch(op, source));
    const output = called(op, f, sources);
    const gradients = backward(inner, [scalarSeed(op, output, inner.region)], sources);
    const products = backward(outer, along(gradients, directions), outerSources);
    return {
      value: handOut(output, inner, target),
      gradients: gradients.map((gradient) => handOut(gradient, inner, target)),
      products: products.map((product) => handOut(product, outer, target)),
    };
  } finally {
    inner.end();
    outer.end();
  }
}

/** Calls a function that is to be differentiated, and checks that it returned a tensor. */
export function called(op: string, f: TensorFunction, tensors: readonly Tensor[]): Tensor {
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

/** As {@link called}, where a function may also return { value, aux }: aux is aliased, so that it outlives its pullbacks. */
function calledWithAux(
  op: string,
  f: AuxFunction,
  tensors: readonly Tensor[],
  region: Region,
): { output: Tensor; aux: Aux | undefined } {
  let like: unknown;
  const output = called(
    op,
    (sources) => {
      const returned = f(sources);
      if (returned instanceof Tensor || !hasAux(returned)) return returned as Tensor;
      like = returned.aux;
      return returned.value;
    },
    tensors,
  );
  if (like === undefined) return { output, aux: undefined };
  return { output, aux: { like, tensors: tensorsOf(op, like).map((tensor) => tensor.alias(op, region)) } };
}

function hasAux(returned: unknown): returned is WithAux<object> {
  return typeof returned === "object" && returned !== null && "value" in returned && "aux" in returned;
}

/** The seeds of ⟨gradients, directions⟩. */
function along(gradients: readonly Tensor[], directions: readonly Tensor[]): Seed[] {
  return gradients.map((output, i) => ({ output, cotangent: directions[i]! }));
}

/** Refuses to differentiate by nothing. */
export function checkParameters(op: string, params: readonly Tensor[]): void {
  if (params.length > 0) return;
  throw new GradientError(`${op}: there is nothing to differentiate by: the parameters are empty`);
}

function checkDirections(op: string, params: readonly Tensor[], directions: readonly Tensor[]): void {
  checkParameters(op, params);
  for (const [i, direction] of directions.entries()) {
    const { shape } = params[i]!;
    runtimeOf(op, [params[i]!, direction]);
    if (!sameShape(direction.shape, shape)) {
      throw new ShapeError(`${op}: vector ${i} has shape ${show(direction.shape)}, and its parameter ${show(shape)}`);
    }
  }
}
