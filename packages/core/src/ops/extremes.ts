import { OptionError, ShapeError } from "../errors.ts";
import { record } from "../recording.ts";
import { axisOf, show } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { runtimeOf } from "./apply.ts";
import { add, affine, div, mul } from "./arithmetic.ts";
import { equal, less, lessEqual } from "./compare.ts";
import { binary, type Operand, unary, withOperands } from "./elementwise.ts";
import { reshape } from "./reshape.ts";
import { type Axes, folded, type ReduceOptions, sum, sumTo } from "./sum.ts";

/**
 * Largest element over axes; NaN if any is. Equal largest elements share the gradient evenly (`tf.reduce_max`, `jnp.max`,
 * `torch.amax`).
 *
 * ∂x = g·[x = y] / (number of largest elements).
 */
export function max(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  return extreme("max", x, axes, options);
}

/** Smallest element over axes; otherwise as {@link max}. */
export function min(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  return extreme("min", x, axes, options);
}

function extreme(op: "max" | "min", x: Tensor, axes: Axes, { keepDims = false }: ReduceOptions): Tensor {
  const { y, kept, count } = folded(op, op, x, axes, keepDims);
  if (count === 0) throw new ShapeError(`${op}: there is no ${op} of nothing: ${show(x.shape)} has an empty axis`);
  return record([x], y, (g, [input], output) => [
    () => {
      const chosen = equal(input!, reshape(output, kept));
      const ties = sum(chosen, axes, { keepDims: true });
      return mul(div(chosen, ties), reshape(g, kept));
    },
  ]);
}

/**
 * Index of the largest element along one axis (the last by default), as floats; the first of equal ones, and the
 * first NaN if there is one (NumPy). No gradient.
 */
export function argmax(x: Tensor, axis = -1): Tensor {
  runtimeOf("argmax", [x]);
  const position = axisOf("argmax", axis, x.rank);
  const length = x.shape[position]!;
  if (length === 0) throw new ShapeError(`argmax: axis ${axis} of ${show(x.shape)} is empty`);
  if (length > 2 ** 24) throw new ShapeError(`argmax: axis ${axis} of ${show(x.shape)} is longer than 2^24`);
  return folded("argmax", "argmax", x, position, false).y;
}

/** max(a, b), elementwise; NaN if either is. Where they are equal, each takes half the gradient. */
export function maximum(a: Operand, b: Operand): Tensor {
  return withOperands("maximum", a, b, (left, right) =>
    binary("maximum", "max", left, right, (g, [x, y]) => shared(g, x!, y!)),
  );
}

/** min(a, b), elementwise; NaN if either is. Where they are equal, each takes half the gradient. */
export function minimum(a: Operand, b: Operand): Tensor {
  return withOperands("minimum", a, b, (left, right) =>
    binary("minimum", "min", left, right, (g, [x, y]) => shared(g, y!, x!).reverse()),
  );
}

/** The gradients of a maximum of x and y. */
function shared(g: Tensor, x: Tensor, y: Tensor): (() => Tensor)[] {
  const share = (winner: Tensor, loser: Tensor): Tensor =>
    add(less(loser, winner), affine(equal(winner, loser), 0.5, 0));
  return [() => sumTo(mul(g, share(x, y)), x.shape), () => sumTo(mul(g, share(y, x)), y.shape)];
}

/**
 * x limited to [low, high]; NaN stays. ∂x = g where low ≤ x ≤ high, 0 outside (`tf.clip_by_value`, `torch.clamp`).
 * @throws OptionError if low > high or a bound is NaN
 */
export function clip(x: Tensor, low: number, high: number): Tensor {
  if (!(low <= high)) throw new OptionError(`clip: the lower bound ${low} is not ≤ the upper bound ${high}`);
  return unary(
    "clip",
    "clamp",
    x,
    (g, [input]) => [() => mul(g, mul(lessEqual(low, input!), lessEqual(input!, high)))],
    low,
    high,
  );
}
