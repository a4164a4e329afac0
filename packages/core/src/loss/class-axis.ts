import { transpose } from "../ops/transpose.ts";
import type { Runtime } from "../runtime.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Logits as far as a check goes: a tensor, or what a layer would make. */
export interface LogitsLike {
  readonly shape: Shape;
  /** @internal */
  readonly runtime: Runtime;
}

/** `x` with its class axis at the end: itself where it is there already, else a permuted copy. */
export function classesLast(x: Tensor, axis: number): Tensor {
  return axis === x.rank - 1 ? x : transpose(x, orderOf(x.rank, axis));
}

/** The inverse of {@link classesLast}. */
export function classesBack(x: Tensor, axis: number): Tensor {
  if (axis === x.rank - 1) return x;
  const order = orderOf(x.rank, axis);
  return transpose(
    x,
    order.map((_, i) => order.indexOf(i)),
  );
}

/** The length of the axes behind the class axis. */
export function innerOf(shape: Shape, axis: number): number {
  return sizeOf(shape, axis + 1);
}

function orderOf(rank: number, axis: number): number[] {
  return [...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis), axis];
}
