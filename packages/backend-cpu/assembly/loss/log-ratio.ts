/**
 * What a row's sums say of its excluded class e: with d = o − z_e and R = Σ_{j≠e} e^(z_j − o), E = e^−d and
 * −log p_e = log(1 + R/E). Nothing cancels where R/E is tiny, and where E underflows d carries it. Two rows at once, 1e-9 relative.
 */

const LOG2E: f64 = 1.4426950408889634;
const LN2: f64 = 0.6931471805599453;
/** Puts a whole number into the low bits of a double. */
const MAGIC: f64 = 6755399441055744;

/** E = e^−d, for two d; d beyond ±700 counts as ±700. */
// @ts-ignore: decorator
@inline
export function expOfMinus(d: v128): v128 {
  const x = f64x2.pmin(f64x2.pmax(f64x2.neg(d), f64x2.splat(-700)), f64x2.splat(700));
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(LOG2E)), f64x2.splat(MAGIC));
  const r = f64x2.sub(x, f64x2.mul(f64x2.sub(shifted, f64x2.splat(MAGIC)), f64x2.splat(LN2)));
  let p = f64x2.splat(1 / 40320.0);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1 / 5040.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1 / 720.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1 / 120.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1 / 24.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1 / 6.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  return i64x2.add(p, i64x2.shl(shifted, 52)); // times 2^n
}

/** log(1 + R/E), for two rows. NaN and infinity of R and d come through. */
// @ts-ignore: decorator
@inline
export function logOnePlusRatio(R: v128, E: v128, d: v128): v128 {
  // log V = e·ln 2 + log μ for V = R + E = μ·2^e, √½ ≤ μ < √2; and log(1 + R/E) = d + log V.
  const V = f64x2.add(R, E);
  const steps = i64x2.shr_u(i64x2.sub(V, i64x2.splat(0x3fe6a09e667f3bcd - (1023 << 52))), 52); // e + 1023
  const exponent = f64x2.sub(v128.or(steps, f64x2.splat(4503599627370496)), f64x2.splat(4503599627370496 + 1023));
  const mu = i64x2.sub(V, i64x2.shl(i64x2.sub(steps, i64x2.splat(1023)), 52));
  const one = f64x2.splat(1);

  // Both ways end in 2·artanh(s): s = R/(R + 2E) where R/E is small, (μ − 1)/(μ + 1) else. |s| < 0.172.
  const isSmall = f64x2.lt(R, f64x2.mul(E, f64x2.splat(0.41)));
  const over = v128.bitselect(R, f64x2.sub(mu, one), isSmall);
  const under = v128.bitselect(f64x2.add(V, E), f64x2.add(mu, one), isSmall);
  const s = f64x2.div(over, under);
  const square = f64x2.mul(s, s);
  let p = f64x2.splat(2 / 11.0);
  p = f64x2.add(f64x2.mul(p, square), f64x2.splat(2 / 9.0));
  p = f64x2.add(f64x2.mul(p, square), f64x2.splat(2 / 7.0));
  p = f64x2.add(f64x2.mul(p, square), f64x2.splat(2 / 5.0));
  p = f64x2.add(f64x2.mul(p, square), f64x2.splat(2 / 3.0));
  p = f64x2.add(f64x2.mul(p, square), f64x2.splat(2));
  const rest = v128.andnot(f64x2.add(d, f64x2.mul(exponent, f64x2.splat(LN2))), isSmall);
  // R·0 brings a NaN of R along, which the bits of V would lose.
  return f64x2.add(f64x2.add(rest, f64x2.mul(R, f64x2.splat(0))), f64x2.mul(p, s));
}
