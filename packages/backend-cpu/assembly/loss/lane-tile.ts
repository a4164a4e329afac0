// The logits of four rows side by side: vector j of a tile holds class j of each.
import { at } from "../simd";
import { EXCLUDED, LARGEST_OTHERS, MAXIMA, PART_BYTES } from "./lane-part";
import { transposeIn } from "./transpose";

/** Fills a tile with logits from four rows on, −∞ behind the last class, and keeps the largest of each. */
export function startTile(
  tile: usize,
  tileBytes: usize,
  part: usize,
  logits: usize,
  row: i32,
  lastRow: i32,
  classes: i32,
): v128 {
  const maxima = transposeIn(tile, logits, row, lastRow, classes);
  v128.store(part + MAXIMA, maxima);
  for (let beyond = tile + ((<usize>classes) << 4); beyond < tile + tileBytes; beyond += 16) {
    v128.store(beyond, f32x4.splat(-Infinity));
  }
  return maxima;
}

/** The address of the number for row i of the batch, in vectors of which block 0 has its at `first`. */
// @ts-ignore: decorator
@inline
export function laneOf(first: usize, i: i32): usize {
  return first + <usize>(i >> 2) * PART_BYTES + ((<usize>(i & 3)) << 2);
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
const FEW_CLASSES: i32 = 24;

/** The largest logit of each lane besides the one that was taken out, NaN left aside; −∞ for none. */
export function largestOthers(part: usize, tile: usize, classes: i32): v128 {
  const maxima = v128.load(part + MAXIMA);
  // Mostly another one is larger than what was taken out, and then all is known.
  const isOther = classes > FEW_CLASSES && v128.all_true<i32>(f32x4.lt(v128.load(part + EXCLUDED), maxima));
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

/** Sets the sums of a part to 0. */
// @ts-ignore: decorator
@inline
export function clear(sums: usize): void {
  v128.store(sums, f64x2.splat(0));
  v128.store(sums, f64x2.splat(0), 16);
}
