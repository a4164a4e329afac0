// Exponentials, logarithms and powers. They are computed in float64, two at a time, so that a float32 result is right to its last bit or so
// with plain steps: no float is denormal there, and nothing cancels that float32 could see.

import { upperHalf } from "./simd";

// Constants are loaded from here: V8 would build those in the code anew at every use.
const DOUBLES = memory.data<f64>([
  1,
  0.5,
  2,
  Infinity,
  // ln 2 and log2 e
  0.6931471805599453,
  1.4426950408889634,
  // 2^52 + 1023: a double between 2^52 and 2^53 holds a whole number in its lowest bits. And 1.5·2^52 + 1023.
  4503599627371519,
  6755399441056767,
  // The series of 2·artanh(s)/s, fitted in s² to 4e-12 for |s| ≤ (√2 − 1)/(√2 + 1).
  0.23618095014336585,
  0.28534953517994815,
  0.4000038637991121,
  0.6666666523794788,
  2.000000000008443,
  // (e^r − 1)/r, fitted to 2.4e-10 for |r| ≤ ln 2 / 2.
  0.0001984122794724049,
  0.0013941042868542144,
  0.00833340304190612,
  0.04166635399559067,
  0.16666666248521506,
  0.5000000046753776,
  1.0000000000312996,
  // Beyond e^±700 no result is a float32.
  -700,
  700,
  // R/E up to which s = R/(R + 2E) is small enough for the series of artanh.
  0.41,
]);

const ONE: usize = 0;
const HALF: usize = 1;
const TWO: usize = 2;
const INFINITE: usize = 3;
const LN2: usize = 4;
const LOG2E: usize = 5;
const WHOLE: usize = 6;
const ROUND: usize = 7;
const ARTANH: usize = 8;
const EXPONENTIAL: usize = 13;
const LEAST: usize = 20;
const MOST: usize = 21;
const SMALL_RATIO: usize = 22;

const INTEGERS = memory.data<u64>([
  // The bits of √½ less those of 1, twice the exponent field of 1, the mask of sign and exponent, and the exponent field of 2^52.
  0xfff6a09e667f3bcd,
  0x7fe0000000000000, 0xfff0000000000000, 0x4330000000000000,
]);

/** log(addend + x) for four floats, the addend being 0 or 1. */
// @ts-ignore: decorator
@inline
export function logarithm(x: v128, addend: v128): v128 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(upperHalf(x));
  const lowSum = f64x2.add(low, addend);
  const highSum = f64x2.add(high, addend);
  // What 1 + x lost in float64 is all there is of a small x.
  const lowLost = f64x2.sub(low, f64x2.sub(lowSum, addend));
  const highLost = f64x2.sub(high, f64x2.sub(highSum, addend));
  const result = fourFloats(logarithmOf(lowSum, lowLost), logarithmOf(highSum, highLost));
  // Next to −1 the float32 sum is exact: it is 0 or negative only where 1 + x is.
  return withLimits(f32x4.add(x, fourFloats(addend, addend)), result);
}

/** x^a for four floats x, and a in two and two doubles. */
export function power(x: v128, lowA: v128, highA: v128): v128 {
  let low = x;
  let high = x;
  let doubles = f64x2.promote_low_f32x4(x);
  // A loop of two, for the sake of the code's size.
  for (let half = 0; half < 2; half++) {
    low = high;
    high = powerOf(doubles, half == 0 ? lowA : highA);
    doubles = f64x2.promote_low_f32x4(upperHalf(x));
  }
  return fourFloats(low, high);
}

/** x^a for two doubles, as JavaScript has it: x^0 = 1 for every x, and NaN for −∞ < x < 0 unless a is whole. */
// @ts-ignore: decorator
@inline
function powerOf(x: v128, a: v128): v128 {
  const zero = f64x2.splat(0);
  const infinity = double(INFINITE);
  const size = f64x2.abs(x);
  let log = calledLogarithm(size);
  // Neither 0 nor ∞ has an exponent and a fraction.
  log = v128.bitselect(f64x2.neg(double(INFINITE)), log, f64x2.eq(x, zero));
  log = v128.bitselect(log, size, f64x2.lt(size, infinity));
  let result = exponential(f64x2.mul(log, a));
  const half = f64x2.mul(a, double(HALF));
  const whole = f64x2.eq(f64x2.trunc(a), a);
  const odd = v128.andnot(whole, f64x2.eq(f64x2.trunc(half), half));
  result = v128.or(result, v128.and(v128.and(x, odd), i64x2.splat(0x8000000000000000)));
  const negative = v128.and(f64x2.lt(x, zero), f64x2.lt(size, infinity));
  // All bits set are a NaN.
  result = v128.or(result, v128.andnot(negative, whole));
  return v128.bitselect(double(ONE), result, f64x2.eq(a, zero));
}

/** e^x; beyond ±700 as for ±700. */
export function exponentialOf(x: f64): f64 {
  return f64x2.extract_lane(exponential(f64x2.splat(x)), 0);
}

/** log(1 + x) for x ≥ 0 */
export function logOnePlus(x: f64): f64 {
  return f64x2.extract_lane(logOnePlusRatio(f64x2.splat(x), f64x2.splat(1), f64x2.splat(0)), 0);
}

/** x^a for 0 ≤ x ≤ 1 and a > 0. */
// @ts-ignore: decorator
@inline
export function powerOfShare(x: f64, a: f64): f64 {
  if (x == 0) return 0;
  return exponentialOf(a * f64x2.extract_lane(calledLogarithm(f64x2.splat(x)), 0));
}

/** log(u + lost) for two positive doubles between 2^−200 and 2^200, lost being below half a unit of u. */
// @ts-ignore: decorator
@inline
function logarithmOf(u: v128, lost: v128): v128 {
  // u = m·2^e with √½ ≤ m < √2; the upper 12 bits hold e + 1023.
  const biased = i64x2.sub(u, integer(0));
  const scale = i64x2.sub(integer(1), v128.and(biased, integer(2)));
  const e = f64x2.sub(v128.or(i64x2.shr_u(biased, 52), integer(3)), double(WHOLE));
  const f = f64x2.add(f64x2.sub(f64x2.mul(u, scale), double(ONE)), f64x2.mul(lost, scale));
  return multiplyAddDoubles(e, double(LN2), twiceArtanh(f64x2.div(f, f64x2.add(f, double(TWO)))));
}

/** log u where its place in the code costs more than a call. */
function calledLogarithm(u: v128): v128 {
  return logarithmOf(u, f64x2.splat(0));
}

/** 2·artanh(s) = log((1 + s)/(1 − s)) for two |s| ≤ (√2 − 1)/(√2 + 1). */
// @ts-ignore: decorator
@inline
function twiceArtanh(s: v128): v128 {
  const z = f64x2.mul(s, s);
  let series = double(ARTANH);
  series = multiplyAddDoubles(series, z, double(ARTANH + 1));
  series = multiplyAddDoubles(series, z, double(ARTANH + 2));
  series = multiplyAddDoubles(series, z, double(ARTANH + 3));
  series = multiplyAddDoubles(series, z, double(ARTANH + 4));
  return f64x2.mul(s, series);
}

/**
 * log(1 + R/E) for two pairs of R and E = e^−d: nothing cancels where R/E is tiny, and where E underflows d carries it. 1e-9 relative;
 * NaN and infinity of R and d come through.
 */
export function logOnePlusRatio(R: v128, E: v128, d: v128): v128 {
  // log V = e·ln 2 + log μ for V = R + E = μ·2^e, √½ ≤ μ < √2; and log(1 + R/E) = d + log V.
  const V = f64x2.add(R, E);
  const biased = i64x2.sub(V, integer(0));
  const e = f64x2.sub(v128.or(i64x2.shr_u(biased, 52), integer(3)), double(WHOLE));
  const mu = f64x2.mul(V, i64x2.sub(integer(1), v128.and(biased, integer(2))));

  // Both ways end in 2·artanh(s): s = R/(R + 2E) where R/E is small, (μ − 1)/(μ + 1) else.
  const one = double(ONE);
  const isSmall = f64x2.lt(R, f64x2.mul(E, double(SMALL_RATIO)));
  const over = v128.bitselect(R, f64x2.sub(mu, one), isSmall);
  const under = v128.bitselect(f64x2.add(V, E), f64x2.add(mu, one), isSmall);
  const rest = v128.andnot(multiplyAddDoubles(e, double(LN2), d), isSmall);
  // R·0 brings a NaN of R along, which the bits of V would lose.
  return f64x2.add(f64x2.add(rest, f64x2.mul(R, f64x2.splat(0))), twiceArtanh(f64x2.div(over, under)));
}

/** e^z for two doubles; beyond ±700 as for ±700. */
// @ts-ignore: decorator
@inline
export function exponential(z: v128): v128 {
  const within = f64x2.pmin(f64x2.pmax(z, double(LEAST)), double(MOST));
  // Rounds to a whole n, and leaves n + 1023 in the lowest bits.
  const round = double(ROUND);
  const rounded = multiplyAddDoubles(within, double(LOG2E), round);
  const r = f64x2.sub(within, f64x2.mul(f64x2.sub(rounded, round), double(LN2)));
  let q = double(EXPONENTIAL);
  q = multiplyAddDoubles(q, r, double(EXPONENTIAL + 1));
  q = multiplyAddDoubles(q, r, double(EXPONENTIAL + 2));
  q = multiplyAddDoubles(q, r, double(EXPONENTIAL + 3));
  q = multiplyAddDoubles(q, r, double(EXPONENTIAL + 4));
  q = multiplyAddDoubles(q, r, double(EXPONENTIAL + 5));
  q = multiplyAddDoubles(q, r, double(EXPONENTIAL + 6));
  return f64x2.mul(multiplyAddDoubles(q, r, double(ONE)), i64x2.shl(rounded, 52));
}

/** `log`, where u is positive and finite; else −∞ for 0, ∞ for ∞ and NaN for the rest. */
// @ts-ignore: decorator
@inline
function withLimits(u: v128, log: v128): v128 {
  const ordinary = v128.and(f32x4.gt(u, f32x4.splat(0)), f32x4.lt(u, f32x4.splat(Infinity)));
  if (v128.all_true<i32>(ordinary)) return log;
  const limits = f32x4.sub(f32x4.sqrt(u), f32x4.div(f32x4.splat(1), f32x4.abs(u)));
  return v128.bitselect(log, limits, ordinary);
}

/** Two and two doubles as four floats. */
// @ts-ignore: decorator
@inline
export function fourFloats(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** a·b + c, fused or not: no float32 can tell. */
// @ts-ignore: decorator
@inline
export function multiplyAddDoubles(a: v128, b: v128, c: v128): v128 {
  if (RELAXED) return f64x2.relaxed_madd(a, b, c);
  else return f64x2.add(f64x2.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
function double(index: usize): v128 {
  return v128.load64_splat(DOUBLES + (index << 3));
}

// @ts-ignore: decorator
@inline
function integer(index: usize): v128 {
  return v128.load64_splat(INTEGERS + (index << 3));
}
