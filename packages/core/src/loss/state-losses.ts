import type { LossTerms } from "../backend.ts";
import { composed } from "../ops/apply.ts";
import { add, affine, log1p, square, sub } from "../ops/arithmetic.ts";
import { equal } from "../ops/compare.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import type { Tensor } from "../tensor.ts";
import { columns } from "./derived-state.ts";
import { focalPoly } from "./focal-poly.ts";
import { capped } from "./scaled-logits.ts";

/** ν = (m − z′_y) + log1p(s′) and what the terms make of it, on a device. */
export function tensorLosses(op: string, state: Tensor, labelLogits: Tensor, terms: LossTerms | undefined): Tensor {
  const batch = labelLogits.shape;
  return composed(
    op,
    [state, labelLogits],
    (states, z) => {
      const [m, , rest] = columns(states!, batch).map((column) => reshape(column, batch));
      const scaled = terms === undefined ? z! : scaledLogit(z!, terms);
      const spread = log1p(rest!);
      const nu = add(sub(m!, scaled), spread);
      const hasFactor = terms !== undefined && (terms.focal !== 0 || terms.poly !== 0);
      const loss = hasFactor ? focalPoly(nu, terms.focal, terms.poly) : nu;
      const penalty = terms?.zLoss ? affine(square(add(m!, spread)), terms.zLoss, 0) : undefined;
      return select(equal(m!, Number.NEGATIVE_INFINITY), Number.NaN, penalty ? add(loss, penalty) : loss);
    },
    () => [],
  );
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
  const { inverseTemperature: t, softcap: c, zLoss, focal, poly } = terms ?? neutral;
  return Float64Array.from(labelLogits, (z, row) => {
    const [m, rest] = [states[3 * row]!, states[3 * row + 2]!];
    if (m === Number.NEGATIVE_INFINITY) return Number.NaN;
    const scaled = c > 0 && Number.isFinite(z) ? c * Math.tanh((t * z) / c) : t * z;
    const nu = m - scaled + Math.log1p(rest);
    const r = -Math.expm1(-nu);
    const penalty = zLoss === 0 ? 0 : zLoss * (m + Math.log1p(rest)) ** 2;
    return r ** focal * (nu + poly * r) + penalty;
  });
}

const neutral: LossTerms = { inverseTemperature: 1, softcap: 0, zLoss: 0, focal: 0, poly: 0 };
