import { productError } from "./compensated-sum.ts";

/**
 * Φ(x) = erfc(−x/√2)/2, to a few units of float64 relative to the value itself, far into the left tail.
 * Near 0 the series erf t = (2/√π)·e^(−t²)·Σ 2ⁿ·t^(2n+1)/(2n+1)!!, whose terms are all positive; in the tails Laplace's
 * continued fraction (Abramowitz & Stegun 7.1.6 and 7.1.14).
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x === Number.POSITIVE_INFINITY) return 1;
  const tail = Math.abs(x) < 1 ? 0.5 - centralHalf(Math.abs(x)) : upperTail(Math.abs(x));
  if (Math.abs(x) < 1) return x < 0 ? tail : 0.5 + centralHalf(x);
  return x < 0 ? tail : 1 - tail;
}

/** φ(x) = e^(−x²/2)/√(2π), with x² taken exactly. */
export function normalDensity(x: number): number {
  const square = x * x;
  if (square === Number.POSITIVE_INFINITY) return 0;
  return (Math.exp(-square / 2) * (1 - productError(x, x, square) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Φ(x) − 1/2 for 0 ≤ x < 1: φ(x)·Σ x^(2n+1)/(2n+1)!!. */
function centralHalf(x: number): number {
  let term = x;
  let sum = 0;
  for (let n = 1; n < 60; n++) {
    sum += term;
    term *= (x * x) / (2 * n + 1);
  }
  return normalDensity(x) * sum;
}

/** 1 − Φ(x) for x ≥ 1: φ(x)/(x + 1/(x + 2/(x + 3/(x + …)))), from far down. */
function upperTail(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  let denominator = x;
  for (let n = 30 + Math.ceil(800 / (x * x)); n > 0; n--) denominator = x + n / denominator;
  return normalDensity(x) / denominator;
}
