// Runs of elements from one place to another, whatever the elements are.
import { at } from "./simd";

/** Up to here a loop is faster than the call of the engine's copy. */
const SHORT_RUN: i32 = 64;

/** `count` elements from `from` to `to`, which do not overlap. */
// @ts-ignore: decorator
@inline
export function copyRun(to: usize, from: usize, count: i32): void {
  if (count > SHORT_RUN) memory.copy(to, from, (<usize>count) << 2);
  else {
    const end = at(to, count);
    for (; to + 16 <= end; to += 16, from += 16) v128.store(to, v128.load(from));
    for (; to < end; to += 4, from += 4) store<u32>(to, load<u32>(from));
  }
}

/** `count` elements that are all the one at `from`. */
// @ts-ignore: decorator
@inline
export function repeatRun(to: usize, from: usize, count: i32): void {
  const element = v128.load32_splat(from);
  const end = at(to, count);
  for (; to + 16 <= end; to += 16) v128.store(to, element);
  for (; to < end; to += 4) v128.store_lane<u32>(to, element, 0);
}
