import { at } from "../simd";

/** The largest of `count` logits, NaN left aside; −∞ for none. */
export function largest(z: usize, count: i32): f32 {
  const end = at(z, count);
  let a = f32x4.splat(-Infinity);
  let b = a;
  let c = a;
  let d = a;
  for (; z + 64 <= end; z += 64) {
    // pmax(a, x) is a where x is NaN.
    a = f32x4.pmax(a, v128.load(z));
    b = f32x4.pmax(b, v128.load(z, 16));
    c = f32x4.pmax(c, v128.load(z, 32));
    d = f32x4.pmax(d, v128.load(z, 48));
  }
  a = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
  for (; z + 16 <= end; z += 16) a = f32x4.pmax(a, v128.load(z));
  let m = f32x4.extract_lane(a, 0);
  m = larger(m, f32x4.extract_lane(a, 1));
  m = larger(m, f32x4.extract_lane(a, 2));
  m = larger(m, f32x4.extract_lane(a, 3));
  for (; z < end; z += 4) m = larger(m, load<f32>(z));
  return m;
}

/** The largest of `count` logits but one, NaN left aside; −∞ for none. */
export function largestWithout(j: i32, z: usize, count: i32): f32 {
  return larger(largest(z, j), largest(at(z, j + 1), count - j - 1));
}

/** The larger of two, m where x is NaN. */
// @ts-ignore: decorator
@inline
function larger(m: f32, x: f32): f32 {
  return m < x ? x : m;
}

/** The first of `count` logits that equals `value`; 0 if none does, because all are NaN. */
export function firstIndexOf(value: f32, z: usize, count: i32): i32 {
  const wanted = f32x4.splat(value);
  let j = 0;
  for (; j + 16 <= count; j += 16) {
    const x = at(z, j);
    const a = v128.or(f32x4.eq(v128.load(x), wanted), f32x4.eq(v128.load(x, 16), wanted));
    const b = v128.or(f32x4.eq(v128.load(x, 32), wanted), f32x4.eq(v128.load(x, 48), wanted));
    if (v128.any_true(v128.or(a, b))) break;
  }
  for (; j < count; j++) if (load<f32>(at(z, j)) == value) return j;
  return 0;
}

/** Whether any of `count` logits is NaN. */
export function anyNaN(z: usize, count: i32): bool {
  for (let j = 0; j < count; j++) {
    const x = load<f32>(at(z, j));
    if (x != x) return true;
  }
  return false;
}
