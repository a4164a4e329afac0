// What every kernel builds on: 128-bit vectors of four floats or two doubles.

/** a·b + c: rounded once where RELAXED (opening makes sure that it is), else twice. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  else return f32x4.add(f32x4.mul(a, b), c);
}

/** a in the lanes where all bits of `mask` are set, b where none is: on x86 one instruction where RELAXED, else three. */
// @ts-ignore: decorator
@inline
export function laneselect(a: v128, b: v128, mask: v128): v128 {
  if (RELAXED) return i32x4.relaxed_laneselect(a, b, mask);
  else return v128.bitselect(a, b, mask);
}

/** The four floats of `a` as doubles, added in pairs: (a0 + a2, a1 + a3). */
// @ts-ignore: decorator
@inline
export function promotePairs(a: v128): v128 {
  return f64x2.add(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(upperHalf(a)));
}

/** (a2, a3, a0, a1) */
// @ts-ignore: decorator
@inline
export function upperHalf(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 2, 3, 0, 1);
}

/** Both doubles added. */
// @ts-ignore: decorator
@inline
export function sumOfDoubles(a: v128): f64 {
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}

/** The address of element `index` behind `base`. */
// @ts-ignore: decorator
@inline
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}
