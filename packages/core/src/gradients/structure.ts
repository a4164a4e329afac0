import { ValueError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { Tensor } from "../tensor.ts";

/** Tensors in any arrangement: one, an array, a record, or these nested. What models call their parameters. */
export type Tensors = Tensor | readonly Tensors[] | { readonly [name: string]: Tensors };

/** The same arrangement with tensors in place of parameters: what a gradient of it looks like. */
export type Like<T> = T extends Tensor ? Tensor : { readonly [K in keyof T]: Like<T[K]> };

/** The tensors of a structure in a fixed order. */
export function tensorsOf(op: string, structure: unknown): Tensor[] {
  if (structure instanceof Tensor) return [structure];
  if (typeof structure !== "object" || structure === null) {
    throw new ValueError(`${op}: expected a tensor, or an array or record of tensors, not ${nameOf(structure)}`);
  }
  return Object.values(structure).flatMap((item) => tensorsOf(op, item));
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
