import type { ReduceFunction } from "../backend.ts";
import { ShapeError } from "../errors.ts";
import { checkKeys } from "../options.ts";
import { record } from "../recording.ts";
import { axesOf, broadcastStrides, checkedShape, type Shape, sameShape, show, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply, filled, runtimeOf, withTemporaries } from "./apply.ts";
import { readingAll, rearranged } from "./rearranged.ts";
import { reshape } from "./reshape.ts";

/** Which axes a reduction folds: one, several, or all if absent; negative ones count from the end. */
export type Axes = number | readonly number[] | undefined;

export interface ReduceOptions {
  /** Whether the folded axes stay as axes of length 1 (default false). */
  readonly keepDims?: boolean;
}

/**
 * Sum over axes: y = Σ x. The sum of nothing is 0. Long sums run in fixed blocks: the same bits for any thread count.
 *
 * ∂x = g, broadcast back.
 */
export function sum(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return total("sum", x, axes, options);
}

/** {@link sum} under the name of the op that it is a part of. */
export function total(op: string, x: Tensor, axes: Axes, options: ReduceOptions = {}): Tensor {
  checkKeys(op, options, ["keepDims"]);
  const { y, kept } = folded(op, "sum", x, axes, options.keepDims ?? false);
  return record([x], y, (g) => [() => broadcastTo(reshape(g, kept), x.shape)]);
}

/**
 * `x` stretched to `shape` by NumPy's rule: axes align at the end, an axis of 1 repeats.
 *
 * ∂x = g summed over the stretched axes.
 * @throws ShapeError if `x` does not broadcast to `shape`
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  runtimeOf("broadcastTo", [x]);
  const to = checkedShape("broadcastTo", shape);
  if (sameShape(x.shape, to)) return reshape(x, to);
  const missing = to.length - x.rank;
  if (missing < 0 || x.shape.some((axis, i) => axis !== 1 && axis !== to[i + missing])) {
    throw new ShapeError(
      `broadcastTo: ${show(x.shape)} does not broadcast to ${show(to)}; each axis must be equal or 1`,
    );
  }
  const y =
    x.uniform === undefined
      ? rearranged("broadcastTo", x, to, readingAll(to, broadcastStrides(x.shape, to)))
      : filled("broadcastTo", x.region, to, x.uniform);
  return record([x], y, (g) => [() => sumTo(g, x.shape)]);
}

/** Sums `g` down to a shape that broadcasts to its own: the derivative of broadcasting. */
export function sumTo(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const missing = g.rank - shape.length;
  const axes = g.shape.flatMap((axis, i) => (i < missing || (shape[i - missing] === 1 && axis !== 1) ? [i] : []));
  return reshape(sum(g, axes), shape);
}

/**
 * Folds axes by the `reduce` kernel, unrecorded, one run of adjacent axes at a time, the last first.
 * `kept` is the shape with every folded axis as 1.
 * @throws ShapeError for the extreme of nothing
 */
export function folded(
  op: string,
  fn: ReduceFunction,
  x: Tensor,
  axes: Axes,
  keepDims: boolean,
): { y: Tensor; kept: Shape } {
  runtimeOf(op, [x]);
  const positions = axesOf(op, axes, x.rank);
  const kept = x.shape.map((axis, i) => (positions.includes(i) ? 1 : axis));
  const reduced = x.shape.filter((_, i) => !positions.includes(i));
  const runs = adjacentRuns(positions);
  if (runs.length === 0) runs.push({ first: x.rank, last: x.rank - 1 });
  if (fn !== "sum" && positions.some((i) => x.shape[i] === 0))
    throw new ShapeError(`${op}: there is no ${op} of nothing: ${show(x.shape)} has an empty axis`);
  if (runs.length === 1) {
    const [{ first, last }] = runs as [Run];
    return { y: foldRun(op, fn, x, first, last, keepDims ? kept : reduced), kept };
  }
  const y = withTemporaries((temporary) =>
    runs.reduce((folding, { first, last }, i) => {
      if (i === runs.length - 1) return foldRun(op, fn, folding, first, last, keepDims ? kept : reduced);
      const shape = folding.shape.map((axis, j) => (j >= first && j <= last ? 1 : axis));
      return temporary(foldRun(op, fn, folding, first, last, shape));
    }, x),
  );
  return { y, kept };
}

/** Neighbouring axes. */
interface Run {
  readonly first: number;
  last: number;
}

/** Ascending axes as runs of neighbours, the last run first. */
function adjacentRuns(positions: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const position of positions) {
    const run = runs[0];
    if (run !== undefined && run.last === position - 1) run.last = position;
    else runs.unshift({ first: position, last: position });
  }
  return runs;
}

function foldRun(op: string, fn: ReduceFunction, x: Tensor, first: number, last: number, shape: Shape): Tensor {
  const { shape: from } = x;
  const params = {
    fn,
    outer: sizeOf(from, 0, first),
    axis: sizeOf(from, first, last + 1),
    inner: sizeOf(from, last + 1),
  };
  return apply({ op, inputs: [x], shape, run: (y, [h], kernels) => kernels.reduce({ y }, { x: h }, params) });
}
