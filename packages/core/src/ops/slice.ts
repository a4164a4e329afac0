import { ShapeError } from "../errors.ts";
import { record } from "../recording.ts";
import { axisOf, checkList, type Shape, sameShape, show, stridesOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { runtimeOf, withTemporaries } from "./apply.ts";
import { readingAll, rearranged } from "./rearranged.ts";

/**
 * A block of `x`: y[d] = x[begin + d] with `size` elements along each axis; −1 takes the rest (`tf.slice`).
 *
 * ∂x = pad(g).
 * @throws ShapeError if the block does not lie inside `x`
 */
export function slice(x: Tensor, begin: readonly number[], size?: readonly number[]): Tensor {
  runtimeOf("slice", [x]);
  checkList("slice", "begin", begin);
  if (size !== undefined) checkList("slice", "size", size);
  const lengths = x.shape.map((axis, i) => {
    const length = size?.[i] ?? -1;
    return length === -1 ? axis - (begin[i] ?? 0) : length;
  });
  const inside = x.shape.every((axis, i) => {
    const [from, length] = [begin[i]!, lengths[i]!];
    return Number.isInteger(from) && Number.isInteger(length) && from >= 0 && length >= 0 && from + length <= axis;
  });
  if (begin.length !== x.rank || (size !== undefined && size.length !== x.rank) || !inside) {
    throw new ShapeError(
      `slice: begin ${show(begin)} with size ${show(size ?? lengths)} is no block of ${show(x.shape)}`,
    );
  }
  const strides = stridesOf(x.shape);
  const before = [...begin];
  const offset = strides.reduce((sum, stride, i) => sum + stride * before[i]!, 0);
  const y = rearranged("slice", x, lengths, readingAll(lengths, strides, offset));
  const after = x.shape.map((axis, i) => axis - before[i]! - lengths[i]!);
  return record([x], y, (g) => [() => pad(g, before, after)]);
}

/**
 * `x` with zeros around it: `before` and `after` elements along each axis.
 *
 * ∂x = slice(g).
 */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  runtimeOf("pad", [x]);
  checkList("pad", "before", before);
  checkList("pad", "after", after);
  const counts = [...before, ...after];
  if (before.length !== x.rank || after.length !== x.rank || counts.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new ShapeError(
      `pad: ${show(before)} before and ${show(after)} after must be ${x.rank} whole numbers ≥ 0 each for ${show(x.shape)}`,
    );
  }
  const shape = x.shape.map((axis, i) => before[i]! + axis + after[i]!);
  const begin = [...before];
  const y = rearranged("pad", x, shape, placed(x.shape, begin));
  return record([x], y, (g, [input]) => [() => slice(g, begin, input!.shape)]);
}

/**
 * Tensors side by side along an axis (the first by default); all other axes are equal (`tf.concat`, `torch.cat`).
 *
 * ∂x_i = the i-th slice of g.
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (!Array.isArray(tensors) || tensors.length === 0)
    throw new ShapeError("concat: needs an array of at least one tensor");
  runtimeOf("concat", tensors);
  const first = tensors[0]!;
  const along = axisOf("concat", axis, first.rank);
  for (const x of tensors) {
    if (x.rank !== first.rank || !sameShape(x.shape.with(along, 0), first.shape.with(along, 0))) {
      throw new ShapeError(`concat: ${show(first.shape)} and ${show(x.shape)} differ on another axis than ${axis}`);
    }
  }
  const shape: Shape = first.shape.with(
    along,
    tensors.reduce((sum, x) => sum + x.shape[along]!, 0),
  );
  const begins: number[][] = [];
  let position = 0;
  for (const x of tensors) {
    begins.push(shape.map((_, i) => (i === along ? position : 0)));
    position += x.shape[along]!;
  }
  const y = withTemporaries((temporary) => {
    let whole: Tensor | undefined;
    for (const [i, x] of tensors.entries()) {
      const background = whole && temporary(whole);
      whole = rearranged("concat", x, shape, placed(x.shape, begins[i]!), background);
    }
    return whole!;
  });
  return record(tensors, y, (g, inputs) => inputs.map((x, i) => () => slice(g, begins[i]!, x.shape)));
}

/** How a larger output reads a block of `shape` that starts at `begin`. */
function placed(shape: Shape, begin: readonly number[]): ReturnType<typeof readingAll> {
  const strides = stridesOf(shape);
  return {
    strides,
    offset: -strides.reduce((sum, stride, i) => sum + stride * begin[i]!, 0),
    from: begin,
    to: begin.map((b, i) => b + shape[i]!),
  };
}
