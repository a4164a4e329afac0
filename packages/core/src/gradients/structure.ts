import { ValueError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { Tensor } from "../tensor.ts";

/**
 * The type of gradients: the arrangement of the parameters, with tensors in it. Parameters come as models hold them: one
 * tensor, an array, a record, or these nested.
 */
export type Like<T> = T extends Tensor ? Tensor : { readonly [K in keyof T]: Like<T[K]> };

/** The tensors of a structure in a fixed order. */
export function tensorsOf(op: string, structure: unknown, depth = 0): Tensor[] {
  if (structure instanceof Tensor) return [structure];
  if (typeof structure !== "object" || structure === null) {
    throw new ValueError(`${op}: expected a tensor, or an array or record of tensors, not ${nameOf(structure)}`);
  }
  if (depth > 64)
    throw new ValueError(`${op}: the structure of parameters is nested deeper than 64, or contains itself`);
  return Object.values(structure).flatMap((item) => tensorsOf(op, item, depth + 1));
}

/** The structure of `like` with other tensors in it, in the order of {@link tensorsOf}. Its callers state the type. */
export function structured<S>(like: unknown, tensors: readonly Tensor[]): S {
  let next = 0;
  const build = (item: unknown): unknown => {
    if (item instanceof Tensor) return tensors[next++];
    if (Array.isArray(item)) return item.map(build);
    return Object.fromEntries(Object.entries(item as object).map(([name, child]) => [name, build(child)]));
  };
  return build(like) as S;
}

/** A function of tensors in a list: what the engine differentiates. */
export type TensorFunction = (tensors: readonly Tensor[]) => Tensor;

/** A function of a structure as a function of its tensors in a list. */
export function overTensors<P>(f: (params: P) => Tensor, like: unknown): TensorFunction {
  return (tensors) => f(structured<P>(like, tensors));
}
