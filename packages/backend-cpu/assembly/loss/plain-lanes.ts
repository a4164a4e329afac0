// Four rows in the lanes whose loss is cross-entropy and no more: what most are. Their numbers stay in the lanes from the logits
// to the gradient. Every loop is one short step for all rows of a batch: what waits for each other in it is so little that the
// processor has several rows in hand at once.
import { exponential, fourFloats, logOnePlusRatio } from "../logarithm";
import { at, upperHalf } from "../simd";
import {
  AT_EXCLUDED,
  DISTANCES,
  DOTS,
  EXCLUDED,
  EXCLUDED_CLASSES,
  EXCLUDED_GRADIENTS,
  EXPONENTIALS,
  FACTORS,
  K,
  LARGEST_OTHERS,
  OTHERS,
  PART_BYTES,
  UNITS,
} from "./lane-part";
import { targetAtLabel } from "./lane-targets";
import { laneOf, wideLaneOf } from "./lane-tile";
import { LEAST_FACTOR } from "./row-stage";
import { transposeOut } from "./transpose";
import { Window } from "./window-exp";

/** k and o − z_e of the rows. Whether none of them is infinite or needs a base. */
export function referPlain(window: Window, parts: usize, blocks: i32): bool {
  const t = f64x2.splat(window.t);
  const ln2 = f64x2.splat(window.ln2);
  let isUsual = i32x4.splat(-1);
  for (let part = parts; blocks > 0; blocks--, part += PART_BYTES) {
    const z = v128.load(part + EXCLUDED);
    const others = v128.load(part + LARGEST_OTHERS);
    isUsual = v128.and(isUsual, v128.and(f32x4.lt(z, f32x4.splat(Infinity)), window.areDirect(others)));
    const low = exponents(others, t);
    const k = f32x4.sub(fourFloats(low, exponents(upperHalf(others), t)), f32x4.splat(8));
    v128.store(part + K, k);
    v128.store(part + DISTANCES, distances(z, k, t, ln2));
    v128.store(part + DISTANCES, distances(upperHalf(z), upperHalf(k), t, ln2), 16);
  }
  return v128.all_true<i32>(isUsual);
}

/** The exponents of two references, as whole numbers. */
// @ts-ignore: decorator
@inline
function exponents(x: v128, t: v128): v128 {
  return f64x2.nearest(f64x2.mul(f64x2.mul(f64x2.promote_low_f32x4(x), t), f64x2.splat(1.4426950408889634)));
}

/** o − z_e of two rows. */
// @ts-ignore: decorator
@inline
function distances(z: v128, k: v128, t: v128, ln2: v128): v128 {
  const below = f64x2.sub(f64x2.splat(0), f64x2.promote_low_f32x4(z));
  return f64x2.add(f64x2.mul(t, below), f64x2.mul(f64x2.promote_low_f32x4(k), ln2));
}

/** Sums of no targets. */
export function startTargets(parts: usize, blocks: i32): void {
  for (let part = parts; blocks > 0; blocks--, part += PART_BYTES) memory.fill(part + OTHERS, 0, DISTANCES - OTHERS);
}

/**
 * Adds to targets that are spread over the classes `keep` times its weight at the label of each row. Addresses are those of the
 * first row.
 */
export function addLabels(
  window: Window,
  parts: usize,
  rows: i32,
  logits: usize,
  labels: usize,
  classWeights: usize,
  classes: i32,
  keep: f64,
): void {
  for (let i = 0; i < rows; i++) {
    const label = load<i32>(at(labels, i));
    const amount = targetAtLabel(label, classWeights, keep);
    if (amount == 0) continue;
    if (label == load<i32>(laneOf(parts + EXCLUDED_CLASSES, i))) {
      add(wideLaneOf(parts + AT_EXCLUDED, i), amount);
    } else {
      const below = <f64>load<f32>(laneOf(parts + EXCLUDED, i)) - <f64>load<f32>(at(logits, i * classes + label));
      add(wideLaneOf(parts + OTHERS, i), amount);
      add(wideLaneOf(parts + DOTS, i), amount * (window.t * below));
    }
  }
}

// @ts-ignore: decorator
@inline
function add(to: usize, amount: f64): void {
  store<f64>(to, load<f64>(to) + amount);
}

/**
 * The losses of rows whose sums are known, and what their gradients take. False, and nothing that counts is written, where a
 * row has no weight or a factor that is no normal float32.
 */
export function finishPlain(
  rowLoss: usize,
  hasGradient: bool,
  isBare: bool,
  rowScale: usize,
  unit: f64,
  parts: usize,
  sums: usize,
  pairs: i32,
): bool {
  for (let pair = 0; pair < pairs; pair++) {
    const offset = pairOf(pair);
    v128.store(parts + offset + EXPONENTIALS, exponential(f64x2.neg(v128.load(parts + offset + DISTANCES))));
  }
  const least = f64x2.splat(LEAST_FACTOR);
  const zero = f64x2.splat(0);
  let isUsual = i64x2.splat(-1);
  if (hasGradient) {
    for (let pair = 0; pair < pairs; pair++) {
      const offset = pairOf(pair);
      let u = f64x2.splat(unit);
      if (rowScale) {
        u = f64x2.mul(u, f64x2.promote_low_f32x4(v128.load64_zero(rowScale + ((<usize>pair) << 3))));
        isUsual = v128.and(isUsual, f64x2.ge(f64x2.abs(u), least));
      }
      const half = parts + offset - ((<usize>(pair & 1)) << 3);
      const R = v128.load(sums + offset);
      const E = v128.load(parts + offset + EXPONENTIALS);
      const V = f64x2.add(R, E);
      let S = f64x2.splat(1);
      // 0 has one sign.
      let atOwn = f64x2.sub(zero, f64x2.div(R, V));
      if (!isBare) {
        const others = v128.load(parts + offset + OTHERS);
        const atExcluded = v128.load(parts + offset + AT_EXCLUDED);
        S = f64x2.add(others, atExcluded);
        atOwn = f64x2.sub(f64x2.mul(others, f64x2.div(E, V)), f64x2.mul(atExcluded, f64x2.div(R, V)));
        storeFloats(half + UNITS, u);
      }
      const factors = f64x2.div(f64x2.mul(u, S), V);
      isUsual = v128.and(isUsual, f64x2.ge(f64x2.abs(factors), least));
      storeFloats(half + FACTORS, factors);
      storeFloats(half + EXCLUDED_GRADIENTS, f64x2.mul(u, f64x2.add(atOwn, zero)));
    }
  }
  if (rowLoss) {
    for (let pair = 0; pair < pairs; pair++) {
      const offset = pairOf(pair);
      const d = v128.load(parts + offset + DISTANCES);
      let losses = logOnePlusRatio(v128.load(sums + offset), v128.load(parts + offset + EXPONENTIALS), d);
      if (!isBare) {
        const S = f64x2.add(v128.load(parts + offset + OTHERS), v128.load(parts + offset + AT_EXCLUDED));
        isUsual = v128.and(isUsual, f64x2.ne(S, zero));
        losses = f64x2.add(f64x2.add(v128.load(parts + offset + DOTS), f64x2.mul(S, losses)), zero);
      }
      storeFloats(rowLoss + ((<usize>pair) << 3), losses);
    }
  }
  return v128.all_true<i64>(isUsual);
}

/** Where in the parts of a batch the doubles of a pair of rows stand. */
// @ts-ignore: decorator
@inline
function pairOf(pair: i32): usize {
  return <usize>(pair >> 1) * PART_BYTES + ((<usize>(pair & 1)) << 4);
}

// @ts-ignore: decorator
@inline
function storeFloats(to: usize, doubles: v128): void {
  v128.store64_lane(to, f32x4.demote_f64x2_zero(doubles), 0);
}

/** Stores the gradients of whole blocks that {@link finishPlain} has finished; `targets` are tiles as the exponentials are. */
export function storePlainGradients(
  gradient: usize,
  tiles: usize,
  targets: usize,
  tileBytes: usize,
  parts: usize,
  blocks: i32,
  classes: i32,
): void {
  for (let b = 0; b < blocks; b++) {
    const part = parts + <usize>b * PART_BYTES;
    const offset = <usize>b * tileBytes;
    const own = targets ? targets + offset : 0;
    const units = v128.load(part + UNITS);
    transposeOut(tiles + offset, v128.load(part + FACTORS), own, units, gradient, 4 * b, 4 * b + 3, classes);
  }
  for (let i = 0; i < 4 * blocks; i++) {
    const excluded = load<i32>(laneOf(parts + EXCLUDED_CLASSES, i));
    store<f32>(at(gradient, i * classes + excluded), load<f32>(laneOf(parts + EXCLUDED_GRADIENTS, i)));
  }
}

/** Subtracts from the gradients of whole rows what the labels have besides the targets that are spread over the classes. */
export function subtractLabels(
  gradient: usize,
  parts: usize,
  rows: i32,
  labels: usize,
  classWeights: usize,
  rowScale: usize,
  classes: i32,
  keep: f64,
  unit: f64,
): void {
  for (let i = 0; i < rows; i++) {
    const label = load<i32>(at(labels, i));
    if (label == load<i32>(laneOf(parts + EXCLUDED_CLASSES, i))) continue;
    const amount = targetAtLabel(label, classWeights, keep);
    const u = rowScale ? unit * load<f32>(at(rowScale, i)) : unit;
    const to = at(gradient, i * classes + label);
    store<f32>(to, <f32>(<f64>load<f32>(to) - u * amount));
  }
}
