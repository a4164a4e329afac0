import { OptionError, ShapeError } from "../errors.ts";
import { checkKeys } from "../options.ts";
import { record } from "../recording.ts";
import { axesOf, axisOf, show } from "../shape.ts";
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

function extreme(op: "max" | "min", x: Tensor, axes: Axes, options: ReduceOptions): Tensor {
  checkKeys(op, options, ["keepDims"]);
  runtimeOf(op, [x]);
  const positions = axesOf(op, axes, x.rank);
  const { y, kept } = folded(op, op, x, positions, options.keepDims ?? false);
  return record([x], y, (g, [input], output) => [
    () => {
      const chosen = equal(input!, reshape(output, kept));
      const ties = sum(chosen, positions, { keepDims: true });
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
  if (length > 2 ** 24) throw new ShapeError(`argmax: axis ${axis} of ${show(x.shape)} is longer than 2^24`);
  return folded("argmax", "argmax", x, position, false).y;
}

/** max(a, b), elementwise; NaN if either is. Where they are equal, each takes half the gradient. */
export function maximum(a: Operand, b: Operand): Tensor {
  return withOperands("maximum", a, b, (left, right) =>
    binary("maximum", "max", left, right, (g, [x, y]) => [
      () => sumTo(mul(g, isLess(y!, x!)), x!.shape),
      () => sumTo(mul(g, isLess(x!, y!)), y!.shape),
    ]),
  );
}

/** min(a, b), elementwise; NaN if either is. Where they are equal, each takes half the gradient. */
export function minimum(a: Operand, b: Operand): Tensor {
  return withOperands("minimum", a, b, (left, right) =>
    binary("minimum", "min", left, right, (g, [x, y]) => [
      () => sumTo(mul(g, isLess(x!, y!)), x!.shape),
      () => sumTo(mul(g, isLess(y!, x!)), y!.shape),
    ]),
  );
}

/** 1 where a < b, ½ where they are equal, else 0. */
function isLess(a: Tensor, b: Tensor): Tensor {
  return add(less(a, b), affine(equal(a, b), 0.5, 0));
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
