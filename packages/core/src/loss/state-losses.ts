import type { LossTerms } from "../backend.ts";
import { composed } from "../ops/apply.ts";
import { abs, add, affine, exp, log1p, mul, neg, square, sub } from "../ops/arithmetic.ts";
import { equal, less } from "../ops/compare.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import type { Tensor } from "../tensor.ts";
import { columns } from "./derived-state.ts";
import { focalPoly } from "./focal-poly.ts";
import { NO_TERMS } from "./loss-terms.ts";
import { capped } from "./scaled-logits.ts";

/**
 * ν = (m − z′_y) + log1p(s′) and what the terms make of it, on a device.
 *
 * With temperature or cap, m and z′_y were rounded on different ways, and their difference d is off by a rounding of m. It
 * is never below 0; and if the label were not k, s′ would have its e^−d as a summand. Where s′ is far less than that, the
 * label is k and d is exactly 0. Elsewhere ν is no small number, and d may be off. A d beyond roundings of m is none: there
 * s′ is small because float32 does not hold e^−d.
 */
export function tensorLosses(op: string, state: Tensor, labelLogits: Tensor, terms: LossTerms | undefined): Tensor {
  const batch = labelLogits.shape;
  return composed(
    op,
    [state, labelLogits],
    (states, z) => {
      const [m, , rest] = columns(states!, batch).map((column) => reshape(column, batch));
      const scaled = terms === undefined ? z! : scaledLogit(z!, terms);
      const spread = log1p(rest!);
      const computed = sub(m!, scaled);
      const nu = add(terms === undefined ? computed : belowTop(computed, m!, rest!), spread);
      const hasFactor = terms !== undefined && (terms.focal !== 0 || terms.poly !== 0);
      const loss = hasFactor ? focalPoly(nu, terms.focal, terms.poly) : nu;
      const penalty = terms?.zLoss ? affine(square(add(m!, spread)), terms.zLoss, 0) : undefined;
      return select(equal(m!, Number.NEGATIVE_INFINITY), Number.NaN, penalty ? add(loss, penalty) : loss);
    },
    () => [],
  );
}

/** How far two roundings of a logit after temperature and cap may lie apart, relative to it. */
const ROUNDINGS = 2 ** -20;

/** d, 0 where the label must be the class of the largest logit. */
function belowTop(computed: Tensor, m: Tensor, rest: Tensor): Tensor {
  const d = select(less(computed, 0), 0, computed);
  const isRounding = less(d, affine(abs(m), ROUNDINGS, 0));
  return select(mul(isRounding, less(rest, affine(exp(neg(d)), 0.5, 0))), 0, d);
}

function scaledLogit(z: Tensor, { inverseTemperature, softcap }: LossTerms): Tensor {
  return softcap > 0 ? capped(z, inverseTemperature, softcap) : affine(z, inverseTemperature, 0);
}

/** The same on the host. */
export function hostLosses(
  states: ArrayLike<number>,
  labelLogits: ArrayLike<number>,
  terms: LossTerms | undefined,
): Float64Array {
  const { inverseTemperature: t, softcap: c, zLoss, focal, poly } = terms ?? NO_TERMS;
  return Float64Array.from(labelLogits, (z, row) => {
    const [m, rest] = [states[3 * row]!, states[3 * row + 2]!];
    if (m === Number.NEGATIVE_INFINITY) return Number.NaN;
    const scaled = c > 0 && Number.isFinite(z) ? c * Math.tanh((t * z) / c) : t * z;
    const d = terms === undefined ? m - scaled : hostBelowTop(m - scaled, m, rest);
    const nu = d + Math.log1p(rest);
    const r = -Math.expm1(-nu);
    const penalty = zLoss === 0 ? 0 : zLoss * (m + Math.log1p(rest)) ** 2;
    return r ** focal * (nu + poly * r) + penalty;
  });
}

function hostBelowTop(computed: number, m: number, rest: number): number {
  const d = Math.max(computed, 0);
  return d < Math.abs(m) * ROUNDINGS && rest < Math.exp(-d) / 2 ? 0 : d;
}
