/** z′ = c·tanh(t·z/c), the logits after temperature and soft cap, by elementwise kernels. */
import type { LossTerms } from "../backend.ts";
import { tanh } from "../ops/activations.ts";
import { composed } from "../ops/apply.ts";
import { abs, affine, div, exp, mul, square, sub } from "../ops/arithmetic.ts";
import { equal, less } from "../ops/compare.ts";
import { select } from "../ops/select.ts";
import { folded, sum } from "../ops/sum.ts";
import { scaled } from "../recording.ts";
import type { Tensor } from "../tensor.ts";

const op = "softmaxCrossEntropy";

/** z′ − shift, with one shift a row, [..., 1], that counts as a constant; 0 if absent. */
export interface ScaledLogits {
  readonly scaled: Tensor;
  readonly shift: Tensor | undefined;
}

/**
 * Logits [..., classes], scaled and capped, by a temperature on the device if there is one. Without a cap their largest is
 * taken off before they are scaled, so that a common offset costs nothing; z′ is then up to a constant a row, which has a
 * part in no derivative but that of the shift by a temperature.
 */
export function scaledLogits(
  z: Tensor,
  { inverseTemperature, softcap }: LossTerms,
  temperature?: Tensor | undefined,
): ScaledLogits {
  if (softcap > 0) {
    const uncapped = temperature === undefined ? z : divided(z, temperature);
    return { scaled: capped(uncapped, inverseTemperature, softcap), shift: undefined };
  }
  if (temperature === undefined && inverseTemperature === 1) return { scaled: z, shift: undefined };
  const cool = (x: Tensor): Tensor =>
    temperature === undefined ? affine(x, inverseTemperature, 0) : divided(x, temperature);
  const largest = finiteMaximum(z);
  return { scaled: cool(sub(z, largest)), shift: cool(largest) };
}

/** z/τ: ∂z = g/τ, ∂τ = −Σ g·(z/τ)/τ, where a logit of −∞ has no part. */
function divided(z: Tensor, temperature: Tensor): Tensor {
  return composed(
    op,
    [z, temperature],
    (x, tau) => div(x, tau),
    (g, [, tau], y) => [
      () => div(g, tau!),
      () => {
        const finite = select(less(abs(y), Number.POSITIVE_INFINITY), y, 0);
        return scaled(div(sum(mul(g, finite)), tau!), -1);
      },
    ],
  );
}

/** The largest logit of each row as a constant, [..., 1], 0 where it is not finite. */
function finiteMaximum(z: Tensor): Tensor {
  const { y } = folded(op, "max", z, -1, true);
  return select(less(abs(y), Number.POSITIVE_INFINITY), y, 0);
}

/** c·tanh(t·z/c); infinities pass unchanged. */
export function capped(z: Tensor, t: number, c: number): Tensor {
  const value = (x: Tensor): Tensor =>
    select(equal(abs(x), Number.POSITIVE_INFINITY), x, affine(tanh(affine(x, t / c, 0)), c, 0));
  return composed(op, [z], value, (g, [x]) => [() => mul(g, capSlope(x!, t, c))]);
}

/** t·(1 − tanh²(t·z/c)) as t·4e/(1 + e)², e = e^(−2t|z|/c): nothing cancels where the cap is reached. */
function capSlope(z: Tensor, t: number, c: number): Tensor {
  const value = (x: Tensor): Tensor => {
    const e = exp(affine(abs(x), (-2 * t) / c, 0));
    return affine(div(e, square(affine(e, 1, 1))), 4 * t, 0);
  };
  // (sech²)′ = −2·tanh·sech²
  return composed(op, [z], value, (g, [x], slope) => [
    () => affine(mul(mul(g, slope), tanh(affine(x!, t / c, 0))), (-2 * t) / c, 0),
  ]);
}
