/**
 * 1 if multiplyAdd rounds once on this machine. Relaxed SIMD leaves that to the machine, and the relaxed kernels need it:
 * (1 + 2^−12)² − (1 + 2^−11) is 2^−24 when rounded once and 0 when the product is rounded first.
 */
import { multiplyAdd } from "./simd";

export function fusesMultiplyAdd(factor: f32, minusSum: f32): i32 {
  const a = f32x4.splat(factor);
  return f32x4.extract_lane(multiplyAdd(a, a, f32x4.splat(minusSum)), 0) != 0 ? 1 : 0;
}
