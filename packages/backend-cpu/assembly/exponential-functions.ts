// The functions that are an exponential and a little more, on four floats at a time: e^z for a z of their own, and a formula
// around it. Block b of each is y_i = fn(x_i) for 4096·b ≤ i < 4096·(b + 1). NaN passes through: pmin(x, limit) and pmax(x, limit) keep x if it is one.
import { RUN } from "../src/kernels/block-sizes";
import { finish } from "./last-vector";
import { at, multiplyAdd } from "./simd";

// Constants are loaded from here, and before the loops: V8 would build those in the code anew in every round.
const CONSTANTS = memory.data<f32>([
  // log2 e, and ln 2 in two parts: the first has so few bits that its products with the n below are exact.
  1.442695, -0.69314575, -1.4286068e-6,
  // (e^r − 1)/r = … + r/2 + 1, to 1e-8 for |r| ≤ ln 2 / 2.
  0.0013933867, 0.00836933, 0.041666463, 0.16666503, 0.5, 1,
  // 1.5·2^23: a float beside it has no fraction, so adding it rounds to the nearest whole number n and leaves n in the lowest
  // bits; and with it what makes n an exponent field, of n − 1, of n, and of two halves of n.
  12583038,
  12583039, 12583166,
  // Limits of z; e^89 is ∞ and e^−104 is 0.
  89, -104, -30, 20,
  // 2·√(2/π)·(1 + 0.044715·x²)
  1.5957691, 0.0713548163,
  // Limit of |x| for the tail below, and its 3.
  14.7, 3,
]);

// Where each stands.
const LOG2E: usize = 0;
const MINUS_LN2_HIGH: usize = 1;
const MINUS_LN2_LOW: usize = 2;
const C6: usize = 3;
const C5: usize = 4;
const C4: usize = 5;
const C3: usize = 6;
const HALF: usize = 7;
const ONE: usize = 8;
const ROUND_TO_HALF_SCALE: usize = 9;
const ROUND_TO_SCALE: usize = 10;
const ROUND_TO_TWO_SCALES: usize = 11;
const MOST: usize = 12;
const LEAST: usize = 13;
const LEAST_EXPM1: usize = 14;
const MOST_TANH: usize = 15;
const GELU: usize = 16;
const GELU_CUBIC: usize = 17;
const TAIL_LIMIT: usize = 18;
const TAIL_MIDDLE: usize = 19;

// The tail of the normal distribution, (1 − Φ(a))·e^(a²/2)·(a + 3) as a polynomial in (a − 3)/(a + 3), to 9e-8 for 0 ≤ a ≤ 14.7.
const TAIL = memory.data<f32>([
  -0.00026150522, -0.0008956322, 0.0010741553, 0.0069184615, -0.010480126, -0.047254957, 0.23001942, -0.50933236,
  0.72908366,
]);

const EXP: i32 = 0;
const EXPM1: i32 = 1;
const TANH: i32 = 2;
const SIGMOID: i32 = 3;
const GELU_TANH: i32 = 4;
const NORMAL: i32 = 5;

export function unaryExp(y: usize, x: usize, length: i32, begin: i32, end: i32, local: usize): void {
  exponentialFunction(EXP, y, x, length, begin, end, local, false);
}

export function unaryExpm1(y: usize, x: usize, length: i32, begin: i32, end: i32, local: usize): void {
  exponentialFunction(EXPM1, y, x, length, begin, end, local, false);
}

export function unaryTanh(y: usize, x: usize, length: i32, begin: i32, end: i32, local: usize): void {
  exponentialFunction(TANH, y, x, length, begin, end, local, false);
}

export function unarySigmoid(y: usize, x: usize, length: i32, begin: i32, end: i32, local: usize): void {
  exponentialFunction(SIGMOID, y, x, length, begin, end, local, false);
}

export function unaryNormalCdf(y: usize, x: usize, length: i32, begin: i32, end: i32, local: usize): void {
  normalFunction(y, x, length, begin, end, local, false);
}

export function unaryGeluErf(y: usize, x: usize, length: i32, begin: i32, end: i32, local: usize): void {
  normalFunction(y, x, length, begin, end, local, true);
}

export function unaryGeluTanh(y: usize, x: usize, length: i32, begin: i32, end: i32, local: usize): void {
  exponentialFunction(GELU_TANH, y, x, length, begin, end, local, false);
}

/** Φ(x), or x·Φ(x) with `timesX`. */
function normalFunction(y: usize, x: usize, length: i32, begin: i32, end: i32, local: usize, timesX: bool): void {
  exponentialFunction(NORMAL, y, x, length, begin, end, local, timesX);
}

/** The blocks of `fn`, which is a constant wherever this is inlined. */
// @ts-ignore: decorator
@inline
function exponentialFunction(
  fn: i32,
  y: usize,
  x: usize,
  length: i32,
  begin: i32,
  end: i32,
  local: usize,
  timesX: bool,
): void {
  const stop = at(x, min(end * RUN, length));
  y = at(y, begin * RUN);
  x = at(x, begin * RUN);
  const first = x;
  const log2e = constant(LOG2E);
  const minusLn2High = constant(MINUS_LN2_HIGH);
  const minusLn2Low = constant(MINUS_LN2_LOW);
  const one = constant(ONE);
  const half = constant(HALF);
  const c3 = constant(C3);
  const c4 = constant(C4);
  const c5 = constant(C5);
  const c6 = constant(C6);
  const round = constant(fn == EXPM1 ? ROUND_TO_HALF_SCALE : fn == TANH ? ROUND_TO_SCALE : ROUND_TO_TWO_SCALES);
  const most = constant(fn == TANH ? MOST_TANH : MOST);
  const least = constant(fn == EXPM1 ? LEAST_EXPM1 : LEAST);

  const whereTimesX = i32x4.splat(timesX ? -1 : 0);
  for (; x < stop; x += 16, y += 16) {
    const value = v128.load(x);
    const z = argument(fn, value, least, most);
    // z = n·ln 2 + r, and e^r = 1 + p
    const rounded = multiplyAdd(z, log2e, round);
    const n = f32x4.sub(rounded, round);
    const r = multiplyAdd(n, minusLn2Low, multiplyAdd(n, minusLn2High, z));
    let q = multiplyAdd(r, c6, c5);
    q = multiplyAdd(q, r, c4);
    q = multiplyAdd(q, r, c3);
    q = multiplyAdd(q, r, half);
    q = multiplyAdd(q, r, one);
    let result: v128;
    if (fn == EXPM1) {
      // 2·(2^(n−1)·p + 2^(n−1) − ½): n is up to 128, and 2^128 is no float.
      const scale = i32x4.shl(rounded, 23);
      result = multiplyAdd(f32x4.mul(scale, r), q, f32x4.sub(scale, half));
      result = f32x4.add(result, result);
    } else if (fn == TANH) {
      const scale = i32x4.shl(rounded, 23);
      const e = multiplyAdd(f32x4.mul(scale, r), q, f32x4.sub(scale, one));
      const quotient = f32x4.div(e, f32x4.add(e, f32x4.add(one, one)));
      result = v128.or(quotient, v128.and(value, i32x4.splat(0x80000000)));
    } else {
      // 2^n in two factors, as n reaches from −150 to 128.
      const field = i32x4.shr_u(rounded, 1);
      const scale = i32x4.shl(field, 23);
      const rest = i32x4.shl(i32x4.sub(rounded, field), 23);
      const e = f32x4.mul(f32x4.mul(multiplyAdd(r, q, one), scale), rest);
      result = formula(fn, value, e, one, whereTimesX);
    }
    v128.store(stop - x < 16 ? local : y, result);
  }
  finish(y, local, stop - first);
}

/** What `fn` raises e to, kept where e^z is a float: beyond it the limits give the same result. */
// @ts-ignore: decorator
@inline
function argument(fn: i32, x: v128, least: v128, most: v128): v128 {
  if (fn == TANH) {
    const size = f32x4.abs(x);
    return f32x4.pmin(f32x4.add(size, size), most);
  }
  if (fn == GELU_TANH) {
    const u = f32x4.mul(x, multiplyAdd(f32x4.mul(x, x), constant(GELU_CUBIC), constant(GELU)));
    return f32x4.pmax(f32x4.neg(f32x4.abs(u)), least);
  }
  if (fn == EXP || fn == EXPM1) return f32x4.pmin(f32x4.pmax(x, least), most);
  if (fn == SIGMOID) return f32x4.pmin(f32x4.pmax(f32x4.neg(x), least), most);
  return f32x4.pmax(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)), least);
}

/** The result from e = e^argument. */
// @ts-ignore: decorator
@inline
function formula(fn: i32, x: v128, e: v128, one: v128, whereTimesX: v128): v128 {
  if (fn == EXP) return e;
  if (fn == SIGMOID) return f32x4.div(one, f32x4.add(one, e));
  const zero = f32x4.splat(0);
  if (fn == GELU_TANH) {
    // x·sigmoid(u) is x/(1 + e) for x ≥ 0 and x·e/(1 + e) for x < 0, with e = e^−|u|.
    return f32x4.div(multiplyAdd(f32x4.pmin(x, zero), e, f32x4.pmax(x, zero)), f32x4.add(one, e));
  }
  // Φ(−a) = e·tail(a) for a = |x|
  const a = f32x4.pmin(f32x4.abs(x), constant(TAIL_LIMIT));
  const reciprocal = f32x4.div(one, f32x4.add(a, constant(TAIL_MIDDLE)));
  const t = f32x4.mul(f32x4.sub(a, constant(TAIL_MIDDLE)), reciprocal);
  let tail = v128.load32_splat(TAIL);
  tail = multiplyAdd(tail, t, v128.load32_splat(TAIL, 4));
  tail = multiplyAdd(tail, t, v128.load32_splat(TAIL, 8));
  tail = multiplyAdd(tail, t, v128.load32_splat(TAIL, 12));
  tail = multiplyAdd(tail, t, v128.load32_splat(TAIL, 16));
  tail = multiplyAdd(tail, t, v128.load32_splat(TAIL, 20));
  tail = multiplyAdd(tail, t, v128.load32_splat(TAIL, 24));
  tail = multiplyAdd(tail, t, v128.load32_splat(TAIL, 28));
  tail = multiplyAdd(tail, t, v128.load32_splat(TAIL, 32));
  const beyond = f32x4.mul(f32x4.mul(tail, reciprocal), e);
  const normalCdf = v128.bitselect(beyond, f32x4.sub(one, beyond), f32x4.lt(x, zero));
  return f32x4.mul(v128.bitselect(x, one, whereTimesX), normalCdf);
}

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load32_splat(CONSTANTS + (index << 2));
}
