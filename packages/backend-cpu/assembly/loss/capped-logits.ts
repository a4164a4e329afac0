/**
 * z′ = c·tanh(t·z/c), the logits as a loss with a cap takes them. In float64, two logits at a time: float32 would lose what the
 * exponential of z′ needs.
 */
import { exponential, multiplyAddDoubles } from "../logarithm";

const CONSTANTS = memory.data<f64>([
  1,
  -2,
  Infinity,
  // From here up tanh is not taken from its series, which is x·(1 − x²/3 + 2/15·x⁴ − 17/315·x⁶ + 62/2835·x⁸).
  0.1,
  -0.3333333333333333,
  0.13333333333333333,
  -0.05396825396825397,
  0.021869488536155203,
]);
const ONE: usize = 0;
const MINUS_TWO: usize = 1;
const INFINITE: usize = 2;
const NEAR: usize = 3;
const SERIES: usize = 4;

/** Bytes that a {@link Cap} takes. */
export const CAP_BYTES: usize = 48;

@unmanaged
export class Cap {
  /** t/c, c and 4t */
  inverse: f64;
  c: f64;
  fourT: f64;
  /** ∂z′/∂z of the two logits whose z′ was asked for last. */
  slope: f64;
  otherSlope: f64;

  start(t: f64, c: f64): void {
    this.inverse = t / c;
    this.c = c;
    this.fourT = 4 * t;
  }

  /** z′ of one logit. */
  valueOf(z: f32): f64 {
    return f64x2.extract_lane(cappedPair(this, f64x2.splat(z)), 0);
  }
}

/**
 * z′ − base of `count` logits as the sum of two floats at `x` and `rests`, and ∂z′/∂z at `slopes`. Up to 4 bytes behind the logits
 * are read, and behind the others written.
 */
export function capLogits(cap: Cap, z: usize, x: usize, rests: usize, slopes: usize, count: i32, base: f32): void {
  const bases = f64x2.splat(base);
  for (const end = z + ((<usize>count) << 2); z < end; z += 8, x += 8, rests += 8, slopes += 8) {
    const value = f64x2.sub(cappedPair(cap, f64x2.promote_low_f32x4(v128.load64_zero(z))), bases);
    const slope = v128.load(changetype<usize>(cap), offsetof<Cap>("slope"));
    v128.store64_lane(slopes, f32x4.demote_f64x2_zero(slope), 0);
    const first = f32x4.demote_f64x2_zero(value);
    v128.store64_lane(x, first, 0);
    const rest = f64x2.sub(value, f64x2.promote_low_f32x4(first));
    // Nothing is left of an infinity.
    const isFinite = f64x2.lt(f64x2.abs(value), constant(INFINITE));
    v128.store64_lane(rests, f32x4.demote_f64x2_zero(v128.and(rest, isFinite)), 0);
  }
}

/** z′ of two logits. Infinities stay. */
export function cappedPair(cap: Cap, z: v128): v128 {
  const one = constant(ONE);
  const x = f64x2.mul(z, field(cap, offsetof<Cap>("inverse")));
  const size = f64x2.abs(x);
  // tanh(|x|) = (1 − e)/(1 + e) for e = e^(−2|x|)
  const e = exponential(f64x2.mul(size, constant(MINUS_TWO)));
  const over = f64x2.div(one, f64x2.add(one, e));
  const far = f64x2.mul(f64x2.sub(one, e), over);
  // The series where 1 − e would cancel.
  const square = f64x2.mul(x, x);
  let near = multiplyAddDoubles(constant(SERIES + 3), square, constant(SERIES + 2));
  near = multiplyAddDoubles(near, square, constant(SERIES + 1));
  near = multiplyAddDoubles(near, square, constant(SERIES));
  near = multiplyAddDoubles(near, square, one);
  const tanh = v128.bitselect(f64x2.mul(size, near), far, f64x2.lt(size, constant(NEAR)));
  // t·(1 − tanh²)
  const slope = f64x2.mul(f64x2.mul(field(cap, offsetof<Cap>("fourT")), e), f64x2.mul(over, over));
  v128.store(changetype<usize>(cap), slope, offsetof<Cap>("slope"));
  const value = f64x2.mul(field(cap, offsetof<Cap>("c")), v128.or(tanh, v128.xor(x, size)));
  return v128.bitselect(z, value, f64x2.eq(size, constant(INFINITE)));
}

// @ts-ignore: decorator
@inline
function field(cap: Cap, offset: usize): v128 {
  return v128.load64_splat(changetype<usize>(cap) + offset);
}

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load64_splat(CONSTANTS + (index << 3));
}
