/** Temperature and soft cap in float64: z′ = c·tanh(t·z/c), as distances below the largest and as slopes. */
import { exactDifference, productError } from "./compensated-sum.ts";

/** The further terms of a loss, as the kernel takes them. */
export interface Terms {
  readonly inverseTemperature: number;
  readonly softcap: number;
  readonly zLoss: number;
  readonly focal: number;
  readonly poly: number;
}

/** Terms that change nothing. */
export const noTerms: Terms = { inverseTemperature: 1, softcap: 0, zLoss: 0, focal: 0, poly: 0 };

/** z′; infinities and NaN unchanged. */
export function scaledLogit(z: number, { inverseTemperature: t, softcap: c }: Terms): number {
  if (c === 0 || !Number.isFinite(z)) return t * z;
  return c * Math.sign(z) * tanhOf(Math.abs((t * z) / c));
}

/** z′(top) − z′(z) ≥ 0, and what its rounding lost. */
export function belowTop(
  top: number,
  z: number,
  { inverseTemperature: t, softcap: c }: Terms,
): readonly [number, number] {
  if (c === 0) {
    const [difference, lost] = exactDifference(top, z);
    const below = t * difference;
    const error = t * lost + productError(t, difference, below);
    return [below, Number.isFinite(error) ? error : 0];
  }
  if (!Number.isFinite(z)) return [top - z, 0];
  return [c * tanhDifference((t * top) / c, (t * z) / c), 0];
}

/** ∂z′/∂z = t·sech²(t·z/c). */
export function logitSlope(z: number, { inverseTemperature: t, softcap: c }: Terms): number {
  if (c === 0) return t;
  const e = Math.exp(-2 * Math.abs((t * z) / c));
  return (4 * t * e) / (1 + e) ** 2;
}

/** tanh x = −expm1(−2x)/(1 + e^−2x) for x ≥ 0. */
function tanhOf(x: number): number {
  return -Math.expm1(-2 * x) / (1 + Math.exp(-2 * x));
}

/** tanh a − tanh b for a ≥ b, also where both are nearly 1. */
function tanhDifference(a: number, b: number): number {
  if (b < 0 && a > 0) return tanhOf(a) + tanhOf(-b);
  const [near, far] = b >= 0 ? [b, a] : [-a, -b];
  const [x, y] = [Math.exp(-2 * near), Math.exp(-2 * far)];
  return (2 * x * -Math.expm1(-2 * (far - near))) / ((1 + x) * (1 + y));
}
