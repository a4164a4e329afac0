/**
 * e^(z − o) for the logits z of a row, where o lies a little below a reference, a large logit of the row.
 *
 * With o = base + k·ln 2 this is 2^(n − k)·e^r for n = round((z − base)·log₂ e). No maximum is subtracted, so that small
 * logits keep their last bits, and n − k goes straight into the bits of the result. r = z − base − n·ln 2 is taken in two
 * steps, and (e^r − 1)/r by a polynomial of degree 5 (1.05e-8 relative). k lies 8 below the reference's own exponent: only what is
 * 2^−134 of its term comes out as 0, so every p that float32 holds as a normal number is there.
 */
import { at, multiplyAdd, upperHalf } from "../simd";

/** Vectors, and logits, that {@link storedExps} and {@link summedExps} take at a time. */
export const GROUP_VECTORS: i32 = 6;
export const GROUP: i32 = 4 * GROUP_VECTORS;

const CONSTANTS: usize = memory.data<f32>([
  // log₂ e
  1.4426950408889634,
  // −ln 2, its first 17 bits (n times them is exact for |n| < 512), and its rest
  -0.693145751953125, -1.428606765330187e-6,
  // (e^r − 1)/r, from the highest power to the lowest
  0.0013933867448940873, 0.008369330316781998, 0.041666463017463684, 0.16666503250598907, 0.5, 1,
]);
const LOG2E: usize = 0;
const MINUS_LN2: usize = 4;
const MINUS_REST: usize = 8;
const C5: usize = 12;
const C4: usize = 16;
const C3: usize = 20;
const C2: usize = 24;
const HALF: usize = 28;
const ONE: usize = 32;

/** ln 2 as the constants have it. */
const LN2: f64 = 0.693145751953125 + 1.428606765330187e-6;

/** From here on z − m is formed first, because n·ln 2 is no longer exact. What counts is then within a factor of 2 of m. */
const LARGEST_DIRECT: f32 = RELAXED ? 2e6 : 250;

/** Whether logits around x need no base. */
// @ts-ignore: decorator
@inline
export function isDirect(x: f32): bool {
  return abs(x) < LARGEST_DIRECT;
}

/** base for a row whose reference is x: 0, or x as a whole number. */
// @ts-ignore: decorator
@inline
export function baseOf(x: f32): f32 {
  return isDirect(x) ? 0 : nearest(x);
}

/** k for a row whose reference is x, a whole number. */
// @ts-ignore: decorator
@inline
export function exponentOf(x: f32): f32 {
  return nearest((x - baseOf(x)) * <f32>1.4426950408889634) - 8;
}

/** o − z */
// @ts-ignore: decorator
@inline
export function referenceMinus(z: f32, base: f32, k: f32): f64 {
  return <f64>base - <f64>z + <f64>k * LN2;
}

/** x = z − base for `count` logits. */
export function subtractBase(z: usize, x: usize, count: i32, base: f32): void {
  for (let j = 0; j < count; j++) store<f32>(at(x, j), load<f32>(at(z, j)) - base);
}

/** {@link exps} that keeps its exponentials at `out`, which may be `x`. */
export function storedExps(x: usize, out: usize, groups: i32, k: v128, sums: usize): void {
  exps(x, out, groups, k, sums, true);
}

/** {@link exps} for their sums alone. */
export function summedExps(x: usize, groups: i32, k: v128, sums: usize): void {
  exps(x, 0, groups, k, sums, false);
}

/**
 * e^(z − o) for groups of six vectors of four x = z − base, and their sum in each lane, added to four doubles at `sums`; behind
 * them stand four floats, the largest x of each lane so far. Each lane has its own k. Six vectors at most are added in pairs in
 * float32: small terms beside a large one would be lost one by one.
 *
 * The six are computed step by step side by side. Each step waits for the one before, so one vector after the other would
 * leave the processor waiting. A constant is loaded when its step comes: there are not enough registers to keep all, and one
 * in the code the engine would build anew in every turn of the loop. (That c is assigned again and again is what keeps the
 * compiler from sorting the steps by vector.)
 */
// @ts-ignore: decorator
@inline
function exps(x: usize, out: usize, groups: i32, k: v128, sums: usize, store: bool): void {
  /** Puts n − k into the low bits of a float. */
  const magic = f32x4.sub(f32x4.splat(12582912), k);
  /** Its exponential is 2^−127, which comes out as 0. */
  const lowest = f32x4.mul(f32x4.sub(k, f32x4.splat(127)), f32x4.splat(0.6931471805599453));
  let lower = v128.load(sums);
  let upper = v128.load(sums, 16);
  let largest = v128.load(sums, 32);
  let c = magic;
  for (let group = 0; group < groups; group++) {
    let x0 = v128.load(x);
    let x1 = v128.load(x, 16);
    let x2 = v128.load(x, 32);
    let x3 = v128.load(x, 48);
    let x4 = v128.load(x, 64);
    let x5 = v128.load(x, 80);
    x += GROUP * 4;
    largest = f32x4.pmax(f32x4.pmax(f32x4.pmax(largest, x0), x1), x2);
    largest = f32x4.pmax(f32x4.pmax(f32x4.pmax(largest, x3), x4), x5);
    x0 = f32x4.pmax(x0, lowest); // NaN stays
    x1 = f32x4.pmax(x1, lowest);
    x2 = f32x4.pmax(x2, lowest);
    x3 = f32x4.pmax(x3, lowest);
    x4 = f32x4.pmax(x4, lowest);
    x5 = f32x4.pmax(x5, lowest);
    c = constant(LOG2E);
    let s0 = multiplyAdd(x0, c, magic);
    let s1 = multiplyAdd(x1, c, magic);
    let s2 = multiplyAdd(x2, c, magic);
    let s3 = multiplyAdd(x3, c, magic);
    let s4 = multiplyAdd(x4, c, magic);
    let s5 = multiplyAdd(x5, c, magic);
    let q0 = f32x4.sub(s0, magic); // n
    let q1 = f32x4.sub(s1, magic);
    let q2 = f32x4.sub(s2, magic);
    let q3 = f32x4.sub(s3, magic);
    let q4 = f32x4.sub(s4, magic);
    let q5 = f32x4.sub(s5, magic);
    c = constant(MINUS_LN2);
    x0 = multiplyAdd(q0, c, x0);
    x1 = multiplyAdd(q1, c, x1);
    x2 = multiplyAdd(q2, c, x2);
    x3 = multiplyAdd(q3, c, x3);
    x4 = multiplyAdd(q4, c, x4);
    x5 = multiplyAdd(q5, c, x5);
    c = constant(MINUS_REST);
    x0 = multiplyAdd(q0, c, x0); // r
    x1 = multiplyAdd(q1, c, x1);
    x2 = multiplyAdd(q2, c, x2);
    x3 = multiplyAdd(q3, c, x3);
    x4 = multiplyAdd(q4, c, x4);
    x5 = multiplyAdd(q5, c, x5);
    c = constant(C4);
    const c5 = constant(C5);
    q0 = multiplyAdd(x0, c5, c);
    q1 = multiplyAdd(x1, c5, c);
    q2 = multiplyAdd(x2, c5, c);
    q3 = multiplyAdd(x3, c5, c);
    q4 = multiplyAdd(x4, c5, c);
    q5 = multiplyAdd(x5, c5, c);
    c = constant(C3);
    q0 = multiplyAdd(q0, x0, c);
    q1 = multiplyAdd(q1, x1, c);
    q2 = multiplyAdd(q2, x2, c);
    q3 = multiplyAdd(q3, x3, c);
    q4 = multiplyAdd(q4, x4, c);
    q5 = multiplyAdd(q5, x5, c);
    c = constant(C2);
    q0 = multiplyAdd(q0, x0, c);
    q1 = multiplyAdd(q1, x1, c);
    q2 = multiplyAdd(q2, x2, c);
    q3 = multiplyAdd(q3, x3, c);
    q4 = multiplyAdd(q4, x4, c);
    q5 = multiplyAdd(q5, x5, c);
    c = constant(HALF);
    q0 = multiplyAdd(q0, x0, c);
    q1 = multiplyAdd(q1, x1, c);
    q2 = multiplyAdd(q2, x2, c);
    q3 = multiplyAdd(q3, x3, c);
    q4 = multiplyAdd(q4, x4, c);
    q5 = multiplyAdd(q5, x5, c);
    c = constant(ONE);
    q0 = multiplyAdd(q0, x0, c);
    q1 = multiplyAdd(q1, x1, c);
    q2 = multiplyAdd(q2, x2, c);
    q3 = multiplyAdd(q3, x3, c);
    q4 = multiplyAdd(q4, x4, c);
    q5 = multiplyAdd(q5, x5, c);
    s0 = i32x4.add(i32x4.shl(s0, 23), c); // the bits of 2^(n − k)
    s1 = i32x4.add(i32x4.shl(s1, 23), c);
    s2 = i32x4.add(i32x4.shl(s2, 23), c);
    s3 = i32x4.add(i32x4.shl(s3, 23), c);
    s4 = i32x4.add(i32x4.shl(s4, 23), c);
    s5 = i32x4.add(i32x4.shl(s5, 23), c);
    x0 = f32x4.mul(x0, s0);
    x1 = f32x4.mul(x1, s1);
    x2 = f32x4.mul(x2, s2);
    x3 = f32x4.mul(x3, s3);
    x4 = f32x4.mul(x4, s4);
    x5 = f32x4.mul(x5, s5);
    q0 = multiplyAdd(x0, q0, s0);
    q1 = multiplyAdd(x1, q1, s1);
    q2 = multiplyAdd(x2, q2, s2);
    q3 = multiplyAdd(x3, q3, s3);
    q4 = multiplyAdd(x4, q4, s4);
    q5 = multiplyAdd(x5, q5, s5);
    if (store) {
      v128.store(out, q0);
      v128.store(out, q1, 16);
      v128.store(out, q2, 32);
      v128.store(out, q3, 48);
      v128.store(out, q4, 64);
      v128.store(out, q5, 80);
      out += GROUP * 4;
    }
    c = f32x4.add(f32x4.add(f32x4.add(q0, q1), f32x4.add(q2, q3)), f32x4.add(q4, q5));
    lower = f64x2.add(lower, f64x2.promote_low_f32x4(c));
    upper = f64x2.add(upper, f64x2.promote_low_f32x4(upperHalf(c)));
  }
  v128.store(sums, lower);
  v128.store(sums, upper, 16);
  v128.store(sums, largest, 32);
}

// @ts-ignore: decorator
@inline
function constant(offset: usize): v128 {
  return v128.load32_splat(CONSTANTS + offset);
}
