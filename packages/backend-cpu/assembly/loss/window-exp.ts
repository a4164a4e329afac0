/**
 * e^(z − o) for the logits z of a row, where o lies a little below a reference, a large logit of the row.
 *
 * With o = base + k·ln 2 this is 2^(n − k)·e^r for n = round((z − base)·log₂ e). No maximum is subtracted, so that small
 * logits keep their last bits, and n − k goes straight into the bits of the result. r = z − base − n·ln 2 is taken in two
 * steps, and (e^r − 1)/r by a polynomial of degree 5 (1.05e-8 relative). k lies 8 below the reference's own exponent: only what is
 * 2^−134 of its term comes out as 0, so every p that float32 holds as a normal number is there.
 */
import { at, multiplyAdd, upperHalf } from "../simd";

const CONSTANTS: usize = memory.data<f32>([
  1.4426950408889634, // log₂ e
  -0.693145751953125, // −ln 2, its first 17 bits: n times them is exact for |n| < 512
  -1.428606765330187e-6, // and its rest
  1,
  0.5,
  0.16666503250598907,
  0.041666463017463684,
  0.008369330316781998,
  0.0013933867448940873,
]);

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

/** {@link exps} that keeps its exponentials at `out`, which may be `x`. */
export function storedExps(x: usize, out: usize, vectors: i32, k: v128, sums: usize): void {
  exps(x, out, vectors, k, sums, true);
}

/** {@link exps} for their sums alone. */
export function summedExps(x: usize, vectors: i32, k: v128, sums: usize): void {
  exps(x, 0, vectors, k, sums, false);
}

/** x = z − base for `count` logits. */
export function subtractBase(z: usize, x: usize, count: i32, base: f32): void {
  for (let j = 0; j < count; j++) store<f32>(at(x, j), load<f32>(at(z, j)) - base);
}

/**
 * e^(z − o) for vectors of four x = z − base, and their sum in each lane, added to four doubles at `sums`; behind them stand
 * four floats, the largest x of each lane so far. Each lane has its own k. Four vectors at most are added in pairs in
 * float32: small terms beside a large one would be lost one by one.
 */
// @ts-ignore: decorator
@inline
function exps(x: usize, out: usize, vectors: i32, k: v128, sums: usize, store: bool): void {
  // Loaded, because the engine would build constants anew in every turn of the loop.
  const log2e = v128.load32_splat(CONSTANTS);
  const minusLn2 = v128.load32_splat(CONSTANTS, 4);
  const minusRest = v128.load32_splat(CONSTANTS, 8);
  const one = v128.load32_splat(CONSTANTS, 12);
  const c1 = v128.load32_splat(CONSTANTS, 16);
  const c2 = v128.load32_splat(CONSTANTS, 20);
  const c3 = v128.load32_splat(CONSTANTS, 24);
  const c4 = v128.load32_splat(CONSTANTS, 28);
  const c5 = v128.load32_splat(CONSTANTS, 32);
  /** Puts n − k into the low bits of a float. */
  const magic = f32x4.sub(f32x4.splat(12582912), k);
  /** Its exponential is 2^−127, which comes out as 0. */
  const lowest = f32x4.mul(f32x4.sub(k, f32x4.splat(127)), f32x4.splat(0.6931471805599453));

  let lower = v128.load(sums);
  let upper = v128.load(sums, 16);
  let largest = v128.load(sums, 32);
  const end = x + (<usize>vectors << 4);
  for (; x + 64 <= end; x += 64) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const x2 = v128.load(x, 32);
    const x3 = v128.load(x, 48);
    largest = f32x4.pmax(f32x4.pmax(f32x4.pmax(f32x4.pmax(largest, x0), x1), x2), x3);
    const e0 = windowExp(x0, lowest, log2e, magic, minusLn2, minusRest, one, c1, c2, c3, c4, c5);
    if (store) v128.store(out, e0);
    const e1 = windowExp(x1, lowest, log2e, magic, minusLn2, minusRest, one, c1, c2, c3, c4, c5);
    if (store) v128.store(out, e1, 16);
    const e2 = windowExp(x2, lowest, log2e, magic, minusLn2, minusRest, one, c1, c2, c3, c4, c5);
    if (store) v128.store(out, e2, 32);
    const e3 = windowExp(x3, lowest, log2e, magic, minusLn2, minusRest, one, c1, c2, c3, c4, c5);
    if (store) v128.store(out, e3, 48);
    out += 64;
    const sum = f32x4.add(f32x4.add(e0, e1), f32x4.add(e2, e3));
    lower = f64x2.add(lower, f64x2.promote_low_f32x4(sum));
    upper = f64x2.add(upper, f64x2.promote_low_f32x4(upperHalf(sum)));
  }
  for (; x < end; x += 16) {
    largest = f32x4.pmax(largest, v128.load(x));
    const e = windowExp(v128.load(x), lowest, log2e, magic, minusLn2, minusRest, one, c1, c2, c3, c4, c5);
    if (store) v128.store(out, e);
    out += 16;
    lower = f64x2.add(lower, f64x2.promote_low_f32x4(e));
    upper = f64x2.add(upper, f64x2.promote_low_f32x4(upperHalf(e)));
  }
  v128.store(sums, lower);
  v128.store(sums, upper, 16);
  v128.store(sums, largest, 32);
}

/** Four exponentials. */
// @ts-ignore: decorator
@inline
function windowExp(
  x: v128, lowest: v128, log2e: v128, magic: v128, minusLn2: v128, minusRest: v128,
  one: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128,
): v128 {
  const clamped = f32x4.pmax(x, lowest); // NaN stays
  const shifted = multiplyAdd(clamped, log2e, magic);
  const power = i32x4.add(i32x4.shl(shifted, 23), one); // the bits of 2^(n − k)
  const n = f32x4.sub(shifted, magic);
  const r = multiplyAdd(n, minusRest, multiplyAdd(n, minusLn2, clamped));
  let q = multiplyAdd(r, c5, c4);
  q = multiplyAdd(q, r, c3);
  q = multiplyAdd(q, r, c2);
  q = multiplyAdd(q, r, c1);
  q = multiplyAdd(q, r, one);
  return multiplyAdd(f32x4.mul(r, power), q, power);
}
