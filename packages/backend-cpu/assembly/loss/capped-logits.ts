/**
 * z′ = c·tanh(t·z/c), the logits as a loss with a cap takes them. In float64, two logits at a time: float32 would lose what the
 * exponential of z′ needs.
 */
import { exponential, fourFloats, multiplyAddDoubles } from "../logarithm";
import { upperHalf } from "../simd";

/** 1, −2, the bound below which tanh is taken from its series, and that: 1, −1/3, 2/15, −17/315, 62/2835. And infinity. */
const SERIES = memory.data<f64>([
  1, -2, 0.1, -0.3333333333333333, 0.13333333333333333, -0.05396825396825397, 0.021869488536155203,
  Infinity,
]);

@unmanaged
export class Cap {
  /** t/c, c and 4t */
  inverse: f64;
  c: f64;
  fourT: f64;

  start(t: f64, c: f64): void {
    this.inverse = t / c;
    this.c = c;
    this.fourT = 4 * t;
  }

  /** z′ of one logit. */
  valueOf(z: f32): f64 {
    return f64x2.extract_lane(cappedPair(this, f64x2.splat(z)), 0);
  }

  /** ∂z′/∂z of one logit. */
  slopeOf(z: f32): f64 {
    const e = tail(this, f64x2.splat(z));
    return f64x2.extract_lane(slope(this, e, overOnePlus(e)), 0);
  }
}

/** z′ of two logits. */
export function cappedPair(cap: Cap, z: v128): v128 {
  const e = tail(cap, z);
  return capped(cap, z, e, overOnePlus(e));
}

/**
 * z′ − base of `count` logits as the sum of two floats at `x` and `rests`, and ∂z′/∂z at `slopes`, if that is not 0. Up to 12 bytes
 * behind the logits are read, and behind the others written.
 */
export function capLogits(cap: Cap, z: usize, x: usize, rests: usize, slopes: usize, count: i32, base: f32): void {
  const bases = f64x2.splat(base);
  for (const end = z + (<usize>count << 2); z < end; z += 16, x += 16, rests += 16) {
    const four = v128.load(z);
    const low = f64x2.promote_low_f32x4(four);
    const high = f64x2.promote_low_f32x4(upperHalf(four));
    const lowTail = tail(cap, low);
    const highTail = tail(cap, high);
    const lowOver = overOnePlus(lowTail);
    const highOver = overOnePlus(highTail);
    if (slopes) {
      v128.store(slopes, fourFloats(slope(cap, lowTail, lowOver), slope(cap, highTail, highOver)));
      slopes += 16;
    }
    const lowValue = f64x2.sub(capped(cap, low, lowTail, lowOver), bases);
    const highValue = f64x2.sub(capped(cap, high, highTail, highOver), bases);
    const value = fourFloats(lowValue, highValue);
    v128.store(x, value);
    const lowRest = f64x2.sub(lowValue, f64x2.promote_low_f32x4(value));
    const highRest = f64x2.sub(highValue, f64x2.promote_low_f32x4(upperHalf(value)));
    // Nothing is left of an infinity.
    const isFinite = f32x4.lt(f32x4.abs(value), f32x4.splat(Infinity));
    v128.store(rests, v128.and(fourFloats(lowRest, highRest), isFinite));
  }
}

/** e^(−2|x|) for x = t·z/c: what tanh lacks of 1. */
// @ts-ignore: decorator
@inline
function tail(cap: Cap, z: v128): v128 {
  return exponential(f64x2.mul(f64x2.abs(f64x2.mul(z, field(cap, offsetof<Cap>("inverse")))), constant(1)));
}

/** 1/(1 + e) */
// @ts-ignore: decorator
@inline
function overOnePlus(e: v128): v128 {
  const one = constant(0);
  return f64x2.div(one, f64x2.add(one, e));
}

/** z′. Infinities stay. */
// @ts-ignore: decorator
@inline
function capped(cap: Cap, z: v128, e: v128, over: v128): v128 {
  const one = constant(0);
  const x = f64x2.mul(z, field(cap, offsetof<Cap>("inverse")));
  const far = f64x2.mul(f64x2.sub(one, e), over);
  // The series where 1 − e would cancel.
  const size = f64x2.abs(x);
  const square = f64x2.mul(x, x);
  let near = multiplyAddDoubles(constant(6), square, constant(5));
  near = multiplyAddDoubles(near, square, constant(4));
  near = multiplyAddDoubles(near, square, constant(3));
  near = multiplyAddDoubles(near, square, one);
  const tanh = v128.bitselect(f64x2.mul(size, near), far, f64x2.lt(size, constant(2)));
  const value = f64x2.mul(field(cap, offsetof<Cap>("c")), v128.or(tanh, v128.xor(x, size)));
  return v128.bitselect(z, value, f64x2.eq(size, constant(7)));
}

/** ∂z′/∂z = t·(1 − tanh²(x)) */
// @ts-ignore: decorator
@inline
function slope(cap: Cap, e: v128, over: v128): v128 {
  return f64x2.mul(f64x2.mul(field(cap, offsetof<Cap>("fourT")), e), f64x2.mul(over, over));
}

// @ts-ignore: decorator
@inline
function field(cap: Cap, offset: usize): v128 {
  return v128.load64_splat(changetype<usize>(cap) + offset);
}

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load64_splat(SERIES + (index << 3));
}
