// The logits of four rows side by side: vector j of a tile holds class j of each.
import { at } from "../simd";
import { EXCLUDED, LARGEST_OTHERS, MAXIMA, PART_BYTES } from "./lane-part";
import { transposeIn } from "./transpose";

/** Fills a tile with logits from four rows on, −∞ behind the last class, and keeps the largest of each. */
// @ts-ignore: decorator
@inline
export function startTile(
  tile: usize,
  tileBytes: usize,
  part: usize,
  logits: usize,
  row: i32,
  lastRow: i32,
  classes: i32,
): void {
  v128.store(part + MAXIMA, transposeIn(tile, logits, row, lastRow, classes));
  for (let beyond = tile + ((<usize>classes) << 4); beyond < tile + tileBytes; beyond += 16) {
    v128.store(beyond, f32x4.splat(-Infinity));
  }
}

/** In each lane, the first class whose logit is the largest; 0 where all are NaN. */
export function largestClasses(part: usize, tile: usize, classes: i32): v128 {
  const maxima = v128.load(part + MAXIMA);
  const one = i32x4.splat(1);
  let found = i32x4.splat(-1);
  let j = i32x4.splat(0);
  for (const end = tile + ((<usize>classes) << 4); tile < end; tile += 16) {
    // All bits are set where this is not the maximum: nothing is larger, without a sign.
    found = i32x4.min_u(found, v128.or(j, f32x4.ne(v128.load(tile), maxima)));
    j = i32x4.add(j, one);
  }
  return i32x4.max_s(found, i32x4.splat(0));
}

/** The address of the number for row i of the batch, in vectors of which block 0 has its at `first`. */
// @ts-ignore: decorator
@inline
export function laneOf(first: usize, i: i32): usize {
  return first + <usize>(i >> 2) * PART_BYTES + ((<usize>(i & 3)) << 2);
}

/** {@link laneOf} for doubles. */
// @ts-ignore: decorator
@inline
export function wideLaneOf(first: usize, i: i32): usize {
  return first + <usize>(i >> 2) * PART_BYTES + ((<usize>(i & 3)) << 3);
}

/** The address of the logit of row i of the batch at class j. */
// @ts-ignore: decorator
@inline
export function logitOf(tiles: usize, tileBytes: usize, i: i32, j: i32): usize {
  return at(tiles + <usize>(i >> 2) * tileBytes, 4 * j + (i & 3));
}

/** Moves the logit of a row's excluded class out of the tile; −∞ stays. */
// @ts-ignore: decorator
@inline
export function takeOut(z: usize, to: usize): void {
  store<f32>(to, load<f32>(z));
  store<f32>(z, -Infinity);
}

/** Up to so many classes a look at all of them costs less than a guess that is wrong. */
const MOST_LOOKED_AT: i32 = 24;

/** The largest logit of each lane besides the one that was taken out, NaN left aside; −∞ for none. */
// @ts-ignore: decorator
@inline
export function largestOthers(part: usize, tile: usize, classes: i32): v128 {
  const maxima = v128.load(part + MAXIMA);
  // Mostly another one is larger than what was taken out, and then all is known.
  const isOther = classes > MOST_LOOKED_AT && v128.all_true<i32>(f32x4.lt(v128.load(part + EXCLUDED), maxima));
  return isOther ? maxima : maximaOf(tile, classes);
}

function maximaOf(tile: usize, classes: i32): v128 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  const end = tile + ((<usize>classes) << 4);
  // pmax(a, x) is a where x is NaN.
  for (; tile + 32 <= end; tile += 32) {
    a = f32x4.pmax(a, v128.load(tile));
    b = f32x4.pmax(b, v128.load(tile, 16));
  }
  if (tile < end) a = f32x4.pmax(a, v128.load(tile));
  return f32x4.pmax(a, b);
}
