// Four rows in the lanes, where there is nothing to them but a label each: what most losses are. The numbers of a row stay in its
// lane from the logits to the gradient, and no stage is filled and read. Every loop is one short step for all rows of a batch: what
// waits for each other there is so little that the processor has several rows in hand at once.
import { exponential, fourFloats, logOnePlusRatio } from "../logarithm";
import { at, upperHalf } from "../simd";
import { DOTS, EXCLUDED, FACTORS, K, LARGEST_CLASSES, LARGEST_OTHERS, PART_BYTES, SUMS } from "./lane-part";
import { clear, laneOf, largestOthers, logitOf, startTile, takeOut } from "./lane-tile";
import { LEAST_FACTOR } from "./row-stage";
import { transposeOut } from "./transpose";
import { GROUP_BYTES, storedExps, Window } from "./window-exp";

/** Where a part keeps o − z_y and E in doubles, two and two rows, and the gradients of the labels. */
const DISTANCES: usize = DOTS;
const EXPONENTIALS: usize = LARGEST_OTHERS; // and EXCLUDED: neither is needed any more
const AT_LABELS: usize = LARGEST_CLASSES;

/**
 * Loss and gradient of whole blocks, with the very bits of the way by stages; the addresses are those of the first row. False, and
 * nothing that counts is written, if one of the rows is ignored or not live, needs a base, or has a factor that is no normal float32.
 */
export function labelledLanes(
  window: Window,
  rowLoss: usize,
  gradient: usize,
  logits: usize,
  labels: usize,
  classes: i32,
  unit: f64,
  blocks: i32,
  groups: i32,
  tiles: usize,
  tileBytes: usize,
  parts: usize,
): bool {
  const lastRow = 4 * blocks - 1;
  let signs = i32x4.splat(0);
  for (let b = 0; b < blocks; b++) {
    signs = v128.or(signs, v128.load(at(labels, 4 * b)));
    startTile(tiles + <usize>b * tileBytes, tileBytes, parts + <usize>b * PART_BYTES, logits, 4 * b, lastRow, classes);
  }
  if (i32x4.bitmask(signs) != 0) return false;
  for (let i = 0; i < 4 * blocks; i++) {
    takeOut(logitOf(tiles, tileBytes, i, load<i32>(at(labels, i))), laneOf(parts + EXCLUDED, i));
  }

  const t = f64x2.splat(window.t);
  const ln2 = f64x2.splat(window.ln2);
  let usual = i32x4.splat(-1);
  for (let b = 0; b < blocks; b++) {
    const part = parts + <usize>b * PART_BYTES;
    const z = v128.load(part + EXCLUDED);
    const others = largestOthers(part, tiles + <usize>b * tileBytes, classes);
    usual = v128.and(usual, v128.and(f32x4.lt(z, f32x4.splat(Infinity)), window.areDirect(others)));
    const low = exponents(others, t);
    const k = f32x4.sub(fourFloats(low, exponents(upperHalf(others), t)), f32x4.splat(8));
    v128.store(part + K, k);
    v128.store(part + DISTANCES, distances(z, k, t, ln2));
    v128.store(part + DISTANCES, distances(upperHalf(z), upperHalf(k), t, ln2), 16);
  }
  if (!v128.all_true<i32>(usual)) return false;
  for (let b = 0; b < blocks; b++) {
    const tile = tiles + <usize>b * tileBytes;
    const part = parts + <usize>b * PART_BYTES;
    clear(part + SUMS);
    storedExps(window, tile, tile, GROUP_BYTES, groups, v128.load(part + K), part + SUMS);
  }

  for (let pair = 0; pair < 2 * blocks; pair++) {
    const at = pairOf(parts, pair);
    v128.store(at + EXPONENTIALS, exponential(f64x2.neg(v128.load(at + DISTANCES))));
  }
  const u = f64x2.splat(unit);
  usual = i32x4.splat(-1);
  for (let pair = 0; pair < 2 * blocks; pair++) {
    const at = pairOf(parts, pair);
    const R = v128.load(at + SUMS);
    const V = f64x2.add(R, v128.load(at + EXPONENTIALS));
    const factors = f64x2.div(u, V);
    usual = v128.and(usual, f64x2.ge(f64x2.abs(factors), f64x2.splat(LEAST_FACTOR)));
    const atLabels = f64x2.mul(u, f64x2.sub(f64x2.splat(0), f64x2.div(R, V)));
    const half = at - ((<usize>(pair & 1)) << 3);
    storeFloats(half + FACTORS, factors);
    storeFloats(half + AT_LABELS, atLabels);
  }
  if (rowLoss) {
    for (let pair = 0; pair < 2 * blocks; pair++) {
      const at = pairOf(parts, pair);
      const losses = logOnePlusRatio(v128.load(at + SUMS), v128.load(at + EXPONENTIALS), v128.load(at + DISTANCES));
      storeFloats(rowLoss + ((<usize>pair) << 3), losses);
    }
  }
  if (!gradient) return true;
  if (!v128.all_true<i64>(usual)) return false;
  for (let b = 0; b < blocks; b++) {
    const part = parts + <usize>b * PART_BYTES;
    const factors = v128.load(part + FACTORS);
    transposeOut(tiles + <usize>b * tileBytes, factors, gradient, 4 * b, lastRow, classes);
  }
  for (let i = 0; i < 4 * blocks; i++) {
    store<f32>(at(gradient, i * classes + load<i32>(at(labels, i))), load<f32>(laneOf(parts + AT_LABELS, i)));
  }
  return true;
}

/** The exponents of two references, as whole numbers. */
// @ts-ignore: decorator
@inline
function exponents(x: v128, t: v128): v128 {
  return f64x2.nearest(f64x2.mul(f64x2.mul(f64x2.promote_low_f32x4(x), t), f64x2.splat(1.4426950408889634)));
}

/** o − z_y of two rows. */
// @ts-ignore: decorator
@inline
function distances(z: v128, k: v128, t: v128, ln2: v128): v128 {
  const below = f64x2.sub(f64x2.splat(0), f64x2.promote_low_f32x4(z));
  return f64x2.add(f64x2.mul(t, below), f64x2.mul(f64x2.promote_low_f32x4(k), ln2));
}

/** Where what a part has in doubles stands for a pair of rows. */
// @ts-ignore: decorator
@inline
function pairOf(parts: usize, pair: i32): usize {
  return parts + <usize>(pair >> 1) * PART_BYTES + ((<usize>(pair & 1)) << 4);
}

// @ts-ignore: decorator
@inline
function storeFloats(to: usize, doubles: v128): void {
  v128.store64_lane(to, f32x4.demote_f64x2_zero(doubles), 0);
}
