// Numbers that are chosen or set.
import { RUN } from "../src/kernels/block-sizes";
import { finish } from "./last-vector";
import { at } from "./simd";

/** Block b: y_i = condition_i ≠ 0 ? a_i : b_i for 4096·b ≤ i < 4096·(b + 1). */
export function select(
  y: usize,
  condition: usize,
  a: usize,
  b: usize,
  length: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const first = begin * RUN;
  const stop = at(y, min(end * RUN, length));
  y = at(y, first);
  condition = at(condition, first);
  a = at(a, first);
  b = at(b, first);
  const start = y;
  for (; y < stop; y += 16, condition += 16, a += 16, b += 16) {
    v128.store(stop - y < 16 ? local : y, choose(v128.load(condition), v128.load(a), v128.load(b)));
  }
  finish(y, local, stop - start);
}

// @ts-ignore: decorator
@inline
function choose(condition: v128, a: v128, b: v128): v128 {
  return v128.bitselect(b, a, f32x4.eq(condition, f32x4.splat(0)));
}

/** Block b: y_i = value for 4096·b ≤ i < 4096·(b + 1). */
export function fill(y: usize, value: f32, length: i32, begin: i32, end: i32, _local: usize): void {
  const stop = at(y, min(end * RUN, length));
  const values = f32x4.splat(value);
  y = at(y, begin * RUN);
  for (; y + 16 <= stop; y += 16) v128.store(y, values);
  for (; y < stop; y += 4) store<f32>(y, value);
}
