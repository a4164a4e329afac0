import type { ReduceFunction } from "../backend.ts";
import { ShapeError } from "../errors.ts";
import { checkKeys } from "../options.ts";
import { record, scaled } from "../recording.ts";
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

/** {@link sum} under the name of the op that it is a part of, times a factor: y = f(n)·Σ x, each of n elements. */
export function total(op: string, x: Tensor, axes?: Axes, options: ReduceOptions = {}, factorOf?: FactorOf): Tensor {
  checkKeys(op, options, ["keepDims"]);
  const { y, kept, factor } = folded(op, "sum", x, axes, options.keepDims ?? false, factorOf);
  return record([x], y, (g) => [() => scaled(broadcastTo(reshape(g, kept), x.shape), factor)]);
}

/** What a fold is multiplied by, from how many elements it folds into one. */
type FactorOf = (count: number) => number;

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
  factorOf?: FactorOf,
): { y: Tensor; kept: Shape; factor: number } {
  runtimeOf(op, [x]);
  const { runs, kept, reduced, count } =
    axes === undefined ? foldingAll(x.shape) : foldingOf(x.shape, axesOf(op, axes, x.rank));
  if (fn !== "sum" && count === 0)
    throw new ShapeError(`${op}: there is no ${op} of nothing: ${show(x.shape)} has an empty axis`);
  const factor = factorOf?.(count) ?? 1;
  const shape = keepDims ? kept : reduced;
  if (runs.length === 1) return { y: foldRun(op, fn, x, runs[0]!, shape, factor), kept, factor };
  const y = withTemporaries((temporary) =>
    runs.reduceRight((folding, run, i) => {
      if (i === 0) return foldRun(op, fn, folding, run, shape, factor);
      const shorter = folding.shape.map((length, j) => (j >= run.first && j <= run.last ? 1 : length));
      return temporary(foldRun(op, fn, folding, run, shorter, 1));
    }, x),
  );
  return { y, kept, factor };
}

/** Neighbouring axes. */
interface Run {
  readonly first: number;
  last: number;
}

/** How axes of a shape are folded. */
interface Folding {
  /** At least one; of no axes, where none is folded. */
  readonly runs: readonly Run[];
  /** The shape with every folded axis as 1, and without them. */
  readonly kept: Shape;
  readonly reduced: Shape;
  /** How many elements become one. */
  readonly count: number;
}

function foldingAll(shape: Shape): Folding {
  return { runs: [{ first: 0, last: shape.length - 1 }], kept: shape.map(() => 1), reduced: [], count: sizeOf(shape) };
}

/** Of ascending axes. */
function foldingOf(shape: Shape, axes: readonly number[]): Folding {
  const runs: Run[] = [];
  const kept: number[] = [];
  const reduced: number[] = [];
  let count = 1;
  for (let i = 0; i < shape.length; i++) {
    const length = shape[i]!;
    if (!axes.includes(i)) {
      kept.push(length);
      reduced.push(length);
      continue;
    }
    kept.push(1);
    count *= length;
    const run = runs.at(-1);
    if (run?.last === i - 1) run.last = i;
    else runs.push({ first: i, last: i });
  }
  if (runs.length === 0) runs.push({ first: shape.length, last: shape.length - 1 });
  return { runs, kept, reduced, count };
}

function foldRun(
  op: string,
  fn: ReduceFunction,
  x: Tensor,
  { first, last }: Run,
  shape: Shape,
  factor: number,
): Tensor {
  const params = {
    fn,
    outer: sizeOf(x.shape, 0, first),
    axis: sizeOf(x.shape, first, last + 1),
    inner: sizeOf(x.shape, last + 1),
  };
  return apply({
    op,
    inputs: [x],
    shape,
    run(y, [h], kernels) {
      kernels.reduce({ y }, { x: h }, params);
      if (factor === 1) return;
      kernels.unary({ y }, { x: y }, { fn: "affine", alpha: factor, beta: 0, length: params.outer * params.inner });
    },
  });
}
