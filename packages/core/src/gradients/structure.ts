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
  const tensors: Tensor[] = [];
  for (const item of Object.values(structure)) {
    if (item instanceof Tensor) tensors.push(item);
    else tensors.push(...tensorsOf(op, item, depth + 1));
  }
  return tensors;
}

/**
 * The tensors of `other`, which has the structure of `like`, in the order of `like`: matched by name, whatever the order
 * of the names.
 * @throws ValueError that names what is missing, left over or of another kind
 */
export function tensorsLike(op: string, like: unknown, other: unknown, path = ""): Tensor[] {
  if (like instanceof Tensor && other instanceof Tensor) return [other];
  const at = path === "" ? "the structure" : `"${path.slice(1)}"`;
  if (like instanceof Tensor) {
    throw new ValueError(`${op}: ${at} is a tensor in the parameters, and here ${nameOf(other)}`);
  }
  if (typeof other !== "object" || other === null || other instanceof Tensor) {
    throw new ValueError(`${op}: ${at} is ${nameOf(like)} in the parameters, and here ${nameOf(other)}`);
  }
  const names = Object.keys(like as object);
  const different = names.find((name) => !(name in other)) ?? Object.keys(other).find((name) => !names.includes(name));
  if (different !== undefined) {
    throw new ValueError(`${op}: only one of ${at} and the parameters has "${different}"; give the same names to both`);
  }
  return names.flatMap((name) =>
    tensorsLike(
      op,
      (like as Record<string, unknown>)[name],
      (other as Record<string, unknown>)[name],
      `${path}.${name}`,
    ),
  );
}

/** The structure of `like` with other tensors in it, in the order of {@link tensorsOf}. Its callers state the type. */
export function structured<S>(like: unknown, tensors: readonly Tensor[]): S {
  let next = 0;
  const build = (item: unknown): unknown => {
    if (item instanceof Tensor) return tensors[next++];
    if (Array.isArray(item)) return item.map(build);
    const members = Object.create(Object.getPrototypeOf(item)) as Record<string, unknown>;
    for (const name of Object.keys(item as object)) members[name] = build((item as Record<string, unknown>)[name]);
    return members;
  };
  return build(like) as S;
}

/** A function of tensors in a list: what the engine differentiates. */
export type TensorFunction = (tensors: readonly Tensor[]) => Tensor;

/** A function's value, and what else of its work is wanted: a tensor, array or record of tensors (JAX' `has_aux`). */
export interface WithAux<A extends object> {
  readonly value: Tensor;
  readonly aux: A;
}

/** A function of tensors that may also return auxiliary results. */
export type AuxFunction = (tensors: readonly Tensor[]) => Tensor | WithAux<object>;

/** A function of a structure as a function of its tensors in a list. */
export function overTensors<P, R>(op: string, f: (params: P) => R, like: unknown): (tensors: readonly Tensor[]) => R {
  if (typeof f !== "function") throw new ValueError(`${op}: differentiates a function, not ${nameOf(f)}`);
  return (tensors) => f(structured<P>(like, tensors));
}
