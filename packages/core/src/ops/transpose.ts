import { ShapeError } from "../errors.ts";
import { record } from "../recording.ts";
import { axisOf, checkList, show, stridesOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { runtimeOf } from "./apply.ts";
import { readingAll, rearranged } from "./rearranged.ts";
import { reshape } from "./reshape.ts";

/**
 * Axes in another order: y[d_p0, d_p1, …] = x[d_0, d_1, …]. Reverses all axes if `order` is absent (NumPy).
 *
 * ∂x = transpose(g, inverse order).
 * @throws ShapeError if `order` is not a permutation of the axes
 */
export function transpose(x: Tensor, order?: readonly number[]): Tensor {
  runtimeOf("transpose", [x]);
  if (order !== undefined) checkList("transpose", "the order of axes", order);
  const axes =
    order === undefined
      ? x.shape.map((_, i) => x.rank - 1 - i)
      : order.map((axis) => axisOf("transpose", axis, x.rank));
  if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
    throw new ShapeError(
      `transpose: order ${show(order ?? axes)} is not a permutation of the ${x.rank} axes of ${show(x.shape)}`,
    );
  }
  if (axes.every((axis, i) => axis === i)) return reshape(x, x.shape);
  const strides = stridesOf(x.shape);
  const shape = axes.map((axis) => x.shape[axis]!);
  const y = rearranged(
    "transpose",
    x,
    shape,
    readingAll(
      shape,
      axes.map((axis) => strides[axis]!),
    ),
  );
  const inverse = axes.map((_, i) => axes.indexOf(i));
  return record([x], y, (g) => [() => transpose(g, inverse)]);
}
