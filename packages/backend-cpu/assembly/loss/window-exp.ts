/**
 * e^(t·z − o) for the logits z of a row and an inverse temperature t, where o lies a little below t times a reference, a large
 * logit of the row.
 *
 * With o = t·base + k·ln 2 this is 2^(n − k)·e^(t·r) for n = round(t·(z − base)·log₂ e). No maximum is subtracted, so that small
 * logits keep their last bits, and n − k goes straight into the bits of the result. r = z − base − n·(ln 2)/t is taken in two
 * steps, and (e^(t·r) − 1)/r by a polynomial of degree 5 (1.05e-8 relative). k lies 8 below the reference's own exponent: only what
 * is 2^−134 of its term comes out as 0, so every p that float32 holds as a normal number is there. The temperature is in the
 * constants and costs nothing.
 */
import { at, multiplyAdd, upperHalf } from "../simd";

/** Vectors, logits and bytes that {@link storedExps} takes at a time. */
export const GROUP_VECTORS: i32 = 6;
export const GROUP: i32 = 4 * GROUP_VECTORS;
export const GROUP_BYTES: usize = 4 * GROUP;

/** (e^r − 1)/r from r⁵ to r⁰ */
const SERIES = memory.data<f32>([
  0.0013933867448940873, 0.008369330316781998, 0.041666463017463684, 0.16666503250598907, 0.5, 1,
]);

/** From here on z − m is formed first, because n·ln 2 is no longer exact. What counts is then within a factor of 2 of m. */
const LARGEST_DIRECT: f64 = RELAXED ? 2e6 : 250;

/** Powers of t beyond this many doublings may be no float32: then they are taken out of it, and the logits multiplied. */
const MOST_DOUBLINGS: f64 = 16;

/** Behind the fields of a {@link Window}: what puts n − k into the low bits of a float, */
const MAGIC: usize = 80;
/** the least x, whose exponential is 2^−127, which comes out as 0, */
const LOWEST: usize = MAGIC + 16;
/** and the low bits of a group until they become powers. */
const POWERS: usize = LOWEST + 16;
export const WINDOW_BYTES: usize = POWERS + 16 * GROUP_VECTORS;

/** The constants for a temperature, at the beginning of the local scratch. */
@unmanaged
export class Window {
  log2e: f32;
  /** −(ln 2)/t, its first 15 bits (n times them is exact for |n| < 512), and its rest */
  minusStep: f32;
  minusRest: f32;
  /** (e^(t·r) − 1)/r from r⁵ to r⁰ */
  c5: f32;
  c4: f32;
  c3: f32;
  c2: f32;
  c1: f32;
  c0: f32;
  one: f32;
  t: f64;
  /** What logits are multiplied by as their base is subtracted, and what is left of t then. */
  multiplier: f64;
  rest: f64;
  /** ln 2 as the constants have it. */
  ln2: f64;

  /** Fills the constants for an inverse temperature t > 0. */
  open(t: f64): void {
    let bits = reinterpret<u64>(t);
    const doublings = <f64>(<i32>(bits >> 52) - 1023);
    this.t = t;
    this.multiplier = 1;
    if (abs(doublings) > MOST_DOUBLINGS) {
      bits = (bits & 0xfffffffffffff) | (1023 << 52);
      this.multiplier = t / reinterpret<f64>(bits);
      t = reinterpret<f64>(bits);
    }
    this.rest = t;
    const step = 0.6931471805599453 / t;
    const first = reinterpret<f32>(reinterpret<u32>(<f32>step) & 0xfffffe00);
    const rest = <f32>(step - <f64>first);
    this.log2e = <f32>(1.4426950408889634 * t);
    this.minusStep = -first;
    this.minusRest = -rest;
    this.ln2 = t * (<f64>first + <f64>rest);
    let power = t;
    for (let i = 5; i >= 0; i--) {
      store<f32>(at(changetype<usize>(this), i), <f32>(power * load<f32>(at(SERIES, i))), offsetof<Window>("c5"));
      power *= t;
    }
    this.one = 1;
  }

  /** Whether the logits around x stay as they are. */
  // @ts-ignore: decorator
  @inline
  isDirect(x: f32): bool {
    return abs(x * this.t) < LARGEST_DIRECT && this.multiplier == 1;
  }

  /** {@link isDirect} for four. */
  // @ts-ignore: decorator
  @inline
  areDirect(x: v128): v128 {
    const t = f64x2.splat(this.t);
    const largest = f64x2.splat(this.multiplier == 1 ? LARGEST_DIRECT : 0);
    const low = f64x2.lt(f64x2.abs(f64x2.mul(f64x2.promote_low_f32x4(x), t)), largest);
    const high = f64x2.lt(f64x2.abs(f64x2.mul(f64x2.promote_low_f32x4(upperHalf(x)), t)), largest);
    return v128.shuffle<i32>(low, high, 0, 2, 4, 6);
  }

  /** base for a row whose reference is x: 0, or x as a whole number where that is near enough. */
  // @ts-ignore: decorator
  @inline
  baseOf(x: f32): f32 {
    if (abs(x * this.t) < LARGEST_DIRECT) return 0;
    return this.multiplier > 1 ? x : nearest(x);
  }

  /** k for a row whose reference is x, a whole number. */
  // @ts-ignore: decorator
  @inline
  exponentOf(x: f32): f32 {
    return <f32>nearest((<f64>x - this.baseOf(x)) * this.t * 1.4426950408889634) - 8;
  }

  /** o − t·z */
  // @ts-ignore: decorator
  @inline
  referenceMinus(z: f32, base: f32, k: f32): f64 {
    return this.t * (<f64>base - z) + <f64>k * this.ln2;
  }

  /** Whether a row with this base is to go through {@link subtractBase}. */
  // @ts-ignore: decorator
  @inline
  isShifted(base: f32): bool {
    return base != 0 || this.multiplier != 1;
  }

  /** x = z − base, times the multiplier, for `count` logits that lie `step` bytes apart. */
  subtractBase(z: usize, x: usize, step: usize, count: i32, base: f32): void {
    for (let j = 0; j < count; j++, z += step, x += step) {
      store<f32>(x, <f32>((<f64>load<f32>(z) - base) * this.multiplier));
    }
  }
}

/**
 * e^(t·z − o) for groups of six vectors of four x = z − base, and their sum in each lane, added to four doubles at `sums`; behind
 * them stand four floats, the largest x of each lane so far. Each lane has its own k. Six vectors at most are added in pairs in
 * float32: small terms beside a large one would be lost one by one. The exponentials of a group are stored at `out`, which may
 * be `x`, and those of the next `step` bytes behind it; 0 for who needs their sums alone.
 *
 * The six are computed step by step side by side. Each step waits for the one before, so one vector after the other would
 * leave the processor waiting. A constant is loaded when its step comes: there are not enough registers to keep all, and one
 * in the code the engine would build anew in every turn of the loop. (That c is assigned again and again is what keeps the
 * compiler from sorting the steps by vector.) What else the registers cannot hold is kept here too, and not left to the
 * engine: V8 aligns its stack to 8 bytes, and at one depth of calls in fifty a vector there lies across two pages of memory,
 * which made the whole loop 2.3 to 2.7 times slower.
 */
export function storedExps(window: Window, x: usize, out: usize, step: usize, groups: i32, k: v128, sums: usize): void {
  const constants = changetype<usize>(window);
  v128.store(constants, f32x4.sub(f32x4.splat(12582912), k), MAGIC);
  const minusLn2 = f32x4.splat(window.minusStep + window.minusRest);
  v128.store(constants, f32x4.mul(f32x4.sub(f32x4.splat(127), k), minusLn2), LOWEST);
  for (let group = 0; group < groups; group++) {
    let x0 = v128.load(x);
    let x1 = v128.load(x, 16);
    let x2 = v128.load(x, 32);
    let x3 = v128.load(x, 48);
    let x4 = v128.load(x, 64);
    let x5 = v128.load(x, 80);
    x += GROUP_BYTES;
    let c = v128.load(sums, 32);
    c = f32x4.pmax(f32x4.pmax(f32x4.pmax(c, x0), x1), x2);
    c = f32x4.pmax(f32x4.pmax(f32x4.pmax(c, x3), x4), x5);
    v128.store(sums, c, 32);
    c = v128.load(constants, LOWEST);
    x0 = f32x4.pmax(x0, c); // NaN stays
    x1 = f32x4.pmax(x1, c);
    x2 = f32x4.pmax(x2, c);
    x3 = f32x4.pmax(x3, c);
    x4 = f32x4.pmax(x4, c);
    x5 = f32x4.pmax(x5, c);
    c = v128.load32_splat(constants, offsetof<Window>("log2e"));
    const magic = v128.load(constants, MAGIC);
    let s0 = multiplyAdd(x0, c, magic);
    let s1 = multiplyAdd(x1, c, magic);
    let s2 = multiplyAdd(x2, c, magic);
    let s3 = multiplyAdd(x3, c, magic);
    let s4 = multiplyAdd(x4, c, magic);
    let s5 = multiplyAdd(x5, c, magic);
    v128.store(constants, s0, POWERS);
    v128.store(constants, s1, POWERS + 16);
    v128.store(constants, s2, POWERS + 32);
    v128.store(constants, s3, POWERS + 48);
    v128.store(constants, s4, POWERS + 64);
    v128.store(constants, s5, POWERS + 80);
    let q0 = f32x4.sub(s0, magic); // n
    let q1 = f32x4.sub(s1, magic);
    let q2 = f32x4.sub(s2, magic);
    let q3 = f32x4.sub(s3, magic);
    let q4 = f32x4.sub(s4, magic);
    let q5 = f32x4.sub(s5, magic);
    c = v128.load32_splat(constants, offsetof<Window>("minusStep"));
    x0 = multiplyAdd(q0, c, x0);
    x1 = multiplyAdd(q1, c, x1);
    x2 = multiplyAdd(q2, c, x2);
    x3 = multiplyAdd(q3, c, x3);
    x4 = multiplyAdd(q4, c, x4);
    x5 = multiplyAdd(q5, c, x5);
    c = v128.load32_splat(constants, offsetof<Window>("minusRest"));
    x0 = multiplyAdd(q0, c, x0); // r
    x1 = multiplyAdd(q1, c, x1);
    x2 = multiplyAdd(q2, c, x2);
    x3 = multiplyAdd(q3, c, x3);
    x4 = multiplyAdd(q4, c, x4);
    x5 = multiplyAdd(q5, c, x5);
    c = v128.load32_splat(constants, offsetof<Window>("c4"));
    const c5 = v128.load32_splat(constants, offsetof<Window>("c5"));
    q0 = multiplyAdd(x0, c5, c);
    q1 = multiplyAdd(x1, c5, c);
    q2 = multiplyAdd(x2, c5, c);
    q3 = multiplyAdd(x3, c5, c);
    q4 = multiplyAdd(x4, c5, c);
    q5 = multiplyAdd(x5, c5, c);
    c = v128.load32_splat(constants, offsetof<Window>("c3"));
    q0 = multiplyAdd(q0, x0, c);
    q1 = multiplyAdd(q1, x1, c);
    q2 = multiplyAdd(q2, x2, c);
    q3 = multiplyAdd(q3, x3, c);
    q4 = multiplyAdd(q4, x4, c);
    q5 = multiplyAdd(q5, x5, c);
    c = v128.load32_splat(constants, offsetof<Window>("c2"));
    q0 = multiplyAdd(q0, x0, c);
    q1 = multiplyAdd(q1, x1, c);
    q2 = multiplyAdd(q2, x2, c);
    q3 = multiplyAdd(q3, x3, c);
    q4 = multiplyAdd(q4, x4, c);
    q5 = multiplyAdd(q5, x5, c);
    c = v128.load32_splat(constants, offsetof<Window>("c1"));
    q0 = multiplyAdd(q0, x0, c);
    q1 = multiplyAdd(q1, x1, c);
    q2 = multiplyAdd(q2, x2, c);
    q3 = multiplyAdd(q3, x3, c);
    q4 = multiplyAdd(q4, x4, c);
    q5 = multiplyAdd(q5, x5, c);
    c = v128.load32_splat(constants, offsetof<Window>("c0"));
    q0 = multiplyAdd(q0, x0, c);
    q1 = multiplyAdd(q1, x1, c);
    q2 = multiplyAdd(q2, x2, c);
    q3 = multiplyAdd(q3, x3, c);
    q4 = multiplyAdd(q4, x4, c);
    q5 = multiplyAdd(q5, x5, c);
    c = v128.load32_splat(constants, offsetof<Window>("one"));
    s0 = i32x4.add(i32x4.shl(v128.load(constants, POWERS), 23), c); // the bits of 2^(n − k)
    s1 = i32x4.add(i32x4.shl(v128.load(constants, POWERS + 16), 23), c);
    s2 = i32x4.add(i32x4.shl(v128.load(constants, POWERS + 32), 23), c);
    s3 = i32x4.add(i32x4.shl(v128.load(constants, POWERS + 48), 23), c);
    s4 = i32x4.add(i32x4.shl(v128.load(constants, POWERS + 64), 23), c);
    s5 = i32x4.add(i32x4.shl(v128.load(constants, POWERS + 80), 23), c);
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
    v128.store(out, q0);
    v128.store(out, q1, 16);
    v128.store(out, q2, 32);
    v128.store(out, q3, 48);
    v128.store(out, q4, 64);
    v128.store(out, q5, 80);
    out += step;
    c = f32x4.add(f32x4.add(f32x4.add(q0, q1), f32x4.add(q2, q3)), f32x4.add(q4, q5));
    v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(c)));
    v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.promote_low_f32x4(upperHalf(c))), 16);
  }
}

/** The window for an inverse temperature, made at `local`. */
export function openWindow(local: usize, t: f64): Window {
  const window = changetype<Window>(local);
  window.open(t);
  return window;
}

/** 1/τ for the temperature of the device, if there is one, or t. */
export function inverseOf(temperature: usize, t: f64): f64 {
  return temperature ? 1 / <f64>load<f32>(temperature) : t;
}
