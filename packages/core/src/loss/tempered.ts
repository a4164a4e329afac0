import { composed, withTemporaries } from "../ops/apply.ts";
import { abs, div, mul, sub } from "../ops/arithmetic.ts";
import { less } from "../ops/compare.ts";
import { select } from "../ops/select.ts";
import { sum } from "../ops/sum.ts";
import { scaled } from "../recording.ts";
import type { Tensor } from "../tensor.ts";
import { classesBack } from "./class-axis.ts";
import { liveMask } from "./loss-on-device.ts";
import type { LossProblem } from "./loss-problem.ts";
import { finiteMaximum } from "./scaled-logits.ts";

/**
 * z/τ for a temperature on the device: a copy of the logits, since the kernel takes only numbers.
 *
 * ∂z = g/τ, ∂τ = −Σ g·y/τ, where a logit of −∞ has no part. With `isShifted` the largest logit of each row is taken off
 * first: a common offset then costs no precision, and the result is z/τ up to a constant a row.
 */
export function tempered(problem: LossProblem, z: Tensor, temperature: Tensor, isShifted: boolean): Tensor {
  const { op, axis } = problem;
  return withTemporaries((temporary) => {
    let x = z;
    const live = liveMask(problem, z.region);
    // What is in an ignored row must not reach the temperature.
    if (live !== undefined) x = temporary(select(temporary(classesBack(temporary(live), axis)), x, 0));
    if (isShifted) x = temporary(sub(x, temporary(finiteMaximum(x, axis))));
    return composed(
      op,
      [x, temperature],
      (a, t) => div(a, t),
      (g, [, t], y) => [
        () => div(g, t!),
        () => {
          const finite = select(less(abs(y), Number.POSITIVE_INFINITY), y, 0);
          return scaled(div(sum(mul(g, finite)), t!), -1);
        },
      ],
    );
  });
}
