/** 1/(1 + e^−x). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Φ(x) to about 1e-15 relative, in the far tail too. */
export function normalCdf(x: number): number {
  if (Math.abs(x) < 1) return 0.5 + centre(x);
  return x < 0 ? tail(-x) : 1 - tail(x);
}

/** Φ(x) − ½ = φ(x)·Σ x^(2n+1) / (1·3·…·(2n+1)), all terms of one sign (DLMF 7.6.2). */
function centre(x: number): number {
  let term = x;
  let sum = 0;
  for (let odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (x * x) / odd;
  }
  return (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}

const H = 0.5;
const weights: Float64Array = Float64Array.from(
  { length: 13 },
  (_, n) => (n === 0 ? 1 : 2) * Math.exp(-((n * H) ** 2)),
);

/**
 * 1 − Φ(x) = erfc(z)/2 for z = x/√2 ≥ ½: the trapezoidal rule with step H for ∫ e^−t² / (t² + z²) dt, and the residue
 * at its pole; the error is about e^−(π/H)² (Chiarella & Reichel, Math. Comp. 22, 1968).
 */
function tail(x: number): number {
  if (x > 40) return 0;
  const z = x / Math.SQRT2;
  let sum = 0;
  for (let n = 0; n < weights.length; n++) sum += weights[n]! / ((n * H) ** 2 + (x * x) / 2);
  const residue = z < Math.PI / H ? 1 / (1 - Math.exp((2 * Math.PI * z) / H)) : 0;
  return ((H * z) / (2 * Math.PI)) * sum * gaussian(x) + residue;
}

/** e^(−x²/2), the exponent in two parts: one part's rounding error would count x²-fold. */
function gaussian(x: number): number {
  const high = Math.fround(x);
  const low = (x - high) * (x + high);
  return Math.exp((-high * high) / 2) * Math.exp(-low / 2);
}
