// The fused loss with four rows in the four lanes of each vector, for rows too short to fill vectors by themselves.
import { ROWS_IN_LANES, STAGE_BYTES } from "../../src/kernels/block-sizes";
import { exponential, fourFloats } from "../logarithm";
import { at, multiplyAdd, upperHalf } from "../simd";
import { storeExactGradients, storeLossAndState } from "./row-outputs";
import { finishStages, RowStage, secondFactor, stageOf } from "./row-stage";
import { exactReference } from "./reference";
import { timesDistance } from "./targets";
import { transposeIn, transposeOut } from "./transpose";
import { addTerms } from "./terms";
import { GROUP_BYTES, GROUP_VECTORS, inverseOf, openWindow, storedExps, Window, WINDOW_BYTES } from "./window-exp";

/** With so few classes the sum of the exponentials is float64 throughout: no roundings average out. */
const FEW_CLASSES: i32 = 4;

/** From so many classes on, roundings of targets in float32 average out. */
const FEWEST_IN_PAIRS: i32 = 16;

const ONE = memory.data<f32>([1]);

/** So many blocks go through each step together: then none waits for another's divisions, or for what it has just stored. */
const BATCH: i32 = 4;

/** Offsets in a block's part: sums of a lane in doubles, and vectors with a number for each lane. */
const SUMS: usize = 0;
const DOTS: usize = SUMS + 48;
const MAXIMA: usize = DOTS + 32;
const LARGEST_CLASSES: usize = MAXIMA + 16;
const LARGEST_OTHERS: usize = LARGEST_CLASSES + 16;
const EXCLUDED: usize = LARGEST_OTHERS + 16;
const K: usize = EXCLUDED + 16;
const FACTORS: usize = K + 16;
const UNITS: usize = FACTORS + 16;
const PART_BYTES: usize = UNITS + 16;

/** Offsets in the local scratch, behind the window: the stages of all rows, the parts of the blocks, their tiles. */
const STAGES: usize = WINDOW_BYTES;
const PARTS: usize = STAGES + STAGE_BYTES * ROWS_IN_LANES * BATCH;
const TILES: usize = PARTS + PART_BYTES * BATCH;

/** A block is four rows, the last may have fewer. The arguments are those of `softmaxCrossEntropyRows`, and the number of rows. */
export function softmaxCrossEntropyLanes(
  rowLoss: usize,
  gradient: usize,
  state: usize,
  logits: usize,
  labels: usize,
  probabilities: usize,
  classWeights: usize,
  rowScale: usize,
  temperature: usize,
  classes: i32,
  keep: f64,
  share: f64,
  scale: f64,
  inverseTemperature: f64,
  zLoss: f64,
  focal: f64,
  poly: f64,
  rows: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const t = inverseOf(temperature, inverseTemperature);
  const window = openWindow(local, t);
  const stages = local + STAGES;
  const unit = scale * t;
  const bytes = (<usize>classes) << 2;
  const isSpread = probabilities != 0 || share > 0;
  // A label can stay out of the sum wherever it is; whatever else is asked for needs the likeliest class out of it.
  const needsLargest = isSpread || state != 0 || !labels;
  const groups = (classes + GROUP_VECTORS - 1) / GROUP_VECTORS;
  // Whole groups for the exponentials, whole vectors of four classes for the transposes.
  const tileBytes = (<usize>((groups * GROUP_VECTORS + 3) & ~3)) << 4;
  const tiles = local + TILES;
  const targets = tiles + tileBytes * BATCH;
  const parts = local + PARTS;
  for (let first = begin; first < end; first += BATCH) {
    const blocks = min(BATCH, end - first);
    const lanes = 4 * blocks;
    const firstRow = 4 * first;
    const lastRow = min(firstRow + lanes, rows) - 1;

    for (let b = 0; b < blocks; b++) {
      const tile = tiles + <usize>b * tileBytes;
      const part = parts + <usize>b * PART_BYTES;
      const maxima = transposeIn(tile, logits, firstRow + 4 * b, lastRow, classes);
      v128.store(part + MAXIMA, maxima);
      for (let beyond = tile + (bytes << 2); beyond < tile + tileBytes; beyond += 16) {
        v128.store(beyond, f32x4.splat(-Infinity));
      }
      if (needsLargest) v128.store(part + LARGEST_CLASSES, classesOf(maxima, tile, classes));
    }
    for (let i = 0; i < lanes; i++) {
      // Lanes without a row of their own repeat the last one.
      const row = min(firstRow + i, lastRow);
      const stage = stageOf(stages, i);
      const label = labels ? load<i32>(at(labels, row)) : -1;
      stage.start(labels != 0, label, rowScale ? unit * load<f32>(at(rowScale, row)) : unit);
      stage.excluded = needsLargest ? load<i32>(laneOf(parts + LARGEST_CLASSES, i)) : max(label, 0);
    }
    if (isSpread) {
      for (let b = 0; b < blocks; b++) {
        const own = targets + <usize>b * tileBytes;
        if (probabilities) transposeIn(own, probabilities, firstRow + 4 * b, lastRow, classes);
        else memory.fill(own, 0, bytes << 2);
        const part = parts + <usize>b * PART_BYTES;
        const tile = tiles + <usize>b * tileBytes;
        addSpreadTargets(tile, own, classWeights, classes, keep, share, t, stageOf(stages, 4 * b), part);
      }
    }
    for (let i = 0; i < lanes; i++)
      takeOut(logitOf(tiles, tileBytes, i, stageOf(stages, i).excluded), laneOf(parts + EXCLUDED, i));
    for (let b = 0; b < blocks; b++) {
      const part = parts + <usize>b * PART_BYTES;
      const maxima = v128.load(part + MAXIMA);
      // Mostly another one is larger than what was taken out, and then all is known.
      const isOther = v128.all_true<i32>(f32x4.lt(v128.load(part + EXCLUDED), maxima));
      v128.store(part + LARGEST_OTHERS, isOther ? maxima : maximaOf(tiles + <usize>b * tileBytes, classes));
    }
    for (let i = 0; i < lanes; i++) {
      const stage = stageOf(stages, i);
      const largestOther = load<f32>(laneOf(parts + LARGEST_OTHERS, i));
      stage.exclude(stage.excluded, load<f32>(laneOf(parts + EXCLUDED, i)));
      stage.setLargest(largestOther);
      stage.referHere(window, stage.isLive ? exactReference(largestOther, stage.m) : 0);
      store<f32>(laneOf(parts + K, i), stage.k);
      if (!stage.isLive) continue;
      if (labels && !probabilities) {
        const w: f64 = classWeights ? load<f32>(at(classWeights, stage.label)) : 1;
        stage.addLabel(window, keep * w, load<f32>(logitOf(tiles, tileBytes, i, stage.label)));
      }
      if (window.isShifted(stage.base)) {
        const lane = logitOf(tiles, tileBytes, i, 0);
        window.subtractBase(lane, lane, 16, classes, stage.base);
      }
    }
    for (let b = 0; b < blocks; b++) {
      const tile = tiles + <usize>b * tileBytes;
      const part = parts + <usize>b * PART_BYTES;
      const k = v128.load(part + K);
      clear(part + SUMS);
      if (classes <= FEW_CLASSES) sumInDoubles(window, tile, classes, part);
      if (gradient || classes > FEW_CLASSES) storedExps(window, tile, tile, GROUP_BYTES, groups, k, part + SUMS);
    }
    const sums = parts + (classes <= FEW_CLASSES ? DOTS : SUMS);
    for (let i = 0; i < lanes; i++) {
      stageOf(stages, i).R = load<f64>(sums + <usize>(i >> 2) * PART_BYTES + ((<usize>(i & 3)) << 3));
    }

    finishStages(stages, lanes);
    addTerms(window, stages, lanes, zLoss, focal, poly, classWeights);

    for (let row = firstRow; row <= lastRow; row++) {
      storeLossAndState(stageOf(stages, row - firstRow), rowLoss, state, row, logits + <usize>row * bytes, classes);
    }
    if (!gradient) continue;
    for (let b = 0; b < blocks; b++) {
      const tile = tiles + <usize>b * tileBytes;
      const part = parts + <usize>b * PART_BYTES;
      const own = isSpread ? targets + <usize>b * tileBytes : 0;
      const factors = scaleTile(tile, own, classes, stageOf(stages, 4 * b), part);
      transposeOut(tile, factors, gradient, firstRow + 4 * b, lastRow, classes);
    }
    for (let row = firstRow; row <= lastRow; row++) {
      storeExactGradients(stageOf(stages, row - firstRow), gradient + <usize>row * bytes, 0, classes);
    }
  }
}

/** The address of the number for row i of the batch, in vectors of which block 0 has its at `first`. */
// @ts-ignore: decorator
@inline
function laneOf(first: usize, i: i32): usize {
  return first + <usize>(i >> 2) * PART_BYTES + ((<usize>(i & 3)) << 2);
}

/** The address of the logit of row i of the batch at class j. */
// @ts-ignore: decorator
@inline
function logitOf(tiles: usize, tileBytes: usize, i: i32, j: i32): usize {
  return at(tiles + <usize>(i >> 2) * tileBytes, 4 * j + (i & 3));
}

/** Moves the logit of a row's excluded class out of the tile; −∞ stays. */
// @ts-ignore: decorator
@inline
function takeOut(z: usize, to: usize): void {
  store<f32>(to, load<f32>(z));
  store<f32>(z, -Infinity);
}

/** The largest logit of each lane, NaN left aside. */
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

/** In each lane, the first class whose logit is the lane's maximum. */
function classesOf(maxima: v128, tile: usize, classes: i32): v128 {
  let found = i32x4.splat(0);
  for (let j = classes - 1; j >= 0; j--) {
    found = v128.bitselect(i32x4.splat(j), found, f32x4.eq(v128.load(tile + ((<usize>j) << 4)), maxima));
  }
  return found;
}

/**
 * Turns the tile of probabilities into one of targets that are spread over the classes, and adds their sums to the stages. Where
 * there are too few classes for roundings to average out, all of it is float64.
 */
function addSpreadTargets(
  tile: usize,
  targets: usize,
  classWeights: usize,
  classes: i32,
  keep: f64,
  share: f64,
  t: f64,
  firstStage: RowStage,
  part: usize,
): void {
  const stages = changetype<usize>(firstStage);
  for (let lane = 0; lane < 4; lane++) {
    const stage = stageOf(stages, lane);
    const w: f64 = classWeights ? load<f32>(at(classWeights, stage.excluded)) : 1;
    stage.atExcluded = w * (keep * <f64>load<f32>(at(targets, 4 * stage.excluded + lane)) + share);
  }
  const keepLanes = f32x4.splat(<f32>keep);
  const shareLanes = f32x4.splat(<f32>share);
  const minusHalf = f32x4.splat(-0.5);
  const halfOfM = f32x4.mul(v128.load(part + MAXIMA), f32x4.splat(0.5));
  let w = classWeights ? classWeights : ONE;
  const wStep: usize = classWeights ? 4 : 0;
  let lowerSum = f64x2.splat(0);
  let upperSum = lowerSum;
  let lowerDot = lowerSum;
  let upperDot = lowerSum;
  const end = targets + ((<usize>classes) << 4);
  for (
    let pairs = classes >= FEWEST_IN_PAIRS ? classes >> 1 : 0;
    pairs > 0;
    pairs--, tile += 32, targets += 32, w += wStep << 1
  ) {
    const T0 = f32x4.mul(v128.load32_splat(w), multiplyAdd(v128.load(targets), keepLanes, shareLanes));
    const T1 = f32x4.mul(v128.load32_splat(w + wStep), multiplyAdd(v128.load(targets, 16), keepLanes, shareLanes));
    v128.store(targets, T0);
    v128.store(targets, T1, 16);
    const T = f32x4.add(T0, T1);
    lowerSum = f64x2.add(lowerSum, f64x2.promote_low_f32x4(T));
    upperSum = f64x2.add(upperSum, f64x2.promote_low_f32x4(upperHalf(T)));
    const dot = f32x4.add(
      timesDistance(T0, multiplyAdd(v128.load(tile), minusHalf, halfOfM)),
      timesDistance(T1, multiplyAdd(v128.load(tile, 16), minusHalf, halfOfM)),
    );
    lowerDot = f64x2.add(lowerDot, f64x2.promote_low_f32x4(dot));
    upperDot = f64x2.add(upperDot, f64x2.promote_low_f32x4(upperHalf(dot)));
  }
  lowerDot = f64x2.add(lowerDot, lowerDot);
  upperDot = f64x2.add(upperDot, upperDot);
  const maxima = v128.load(part + MAXIMA);
  for (; targets < end; tile += 16, targets += 16, w += wStep) {
    const q = v128.load(targets);
    const z = v128.load(tile);
    const low = wideTarget(q, w, keep, share);
    const high = wideTarget(upperHalf(q), w, keep, share);
    v128.store(targets, fourFloats(low, high));
    lowerSum = f64x2.add(lowerSum, low);
    upperSum = f64x2.add(upperSum, high);
    lowerDot = f64x2.add(lowerDot, timesWideDistance(low, maxima, z));
    upperDot = f64x2.add(upperDot, timesWideDistance(high, upperHalf(maxima), upperHalf(z)));
  }
  v128.store(part + SUMS, lowerSum);
  v128.store(part + SUMS, upperSum, 16);
  v128.store(part + DOTS, lowerDot);
  v128.store(part + DOTS, upperDot, 16);
  for (let lane = 0; lane < 4; lane++) {
    const stage = stageOf(stages, lane);
    stage.others = load<f64>(part + SUMS + ((<usize>lane) << 3)) - stage.atExcluded;
    stage.dot = t * load<f64>(part + DOTS + ((<usize>lane) << 3));
  }
}

/** T_j in float64 for two rows. */
// @ts-ignore: decorator
@inline
function wideTarget(q: v128, w: usize, keep: f64, share: f64): v128 {
  const T = f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(q), f64x2.splat(keep)), f64x2.splat(share));
  return f64x2.mul(f64x2.splat(<f64>load<f32>(w)), T);
}

/** T·(m − z) for two rows, 0 where T is 0. */
// @ts-ignore: decorator
@inline
function timesWideDistance(T: v128, m: v128, z: v128): v128 {
  const distance = f64x2.sub(f64x2.promote_low_f32x4(m), f64x2.promote_low_f32x4(z));
  return v128.andnot(f64x2.mul(T, distance), f64x2.eq(T, f64x2.splat(0)));
}

/** R of the four rows, where the dots of the targets stood: from float64 exponentials, since there are too few to average out. */
function sumInDoubles(window: Window, tile: usize, classes: i32, part: usize): void {
  for (let lane = 0; lane < 4; lane += 2) {
    const k: f64 = load<f32>(at(part + K, lane));
    const nextK: f64 = load<f32>(at(part + K, lane + 1));
    let sum = f64x2.splat(0);
    for (let j = 0; j < classes; j++) {
      const x = at(tile, 4 * j + lane);
      const above = f64x2.splat(window.rest * load<f32>(x) - k * window.ln2);
      sum = f64x2.add(
        sum,
        exponential(f64x2.replace_lane(above, 1, window.rest * load<f32>(x, 4) - nextK * window.ln2)),
      );
    }
    v128.store(part + DOTS + ((<usize>lane) << 3), sum);
  }
}

/** e^(z_j − o) becomes u·(S·p_j − T_j), without what the label adds to T, but for factors that are still to be applied. */
function scaleTile(tile: usize, targets: usize, classes: i32, firstStage: RowStage, part: usize): v128 {
  const one = f32x4.splat(1);
  let isTiny = false;
  for (let lane = 0; lane < 4; lane++) {
    const stage = stageOf(changetype<usize>(firstStage), lane);
    const factor = stage.factor();
    const unit = stage.targetFactor();
    store<f32>(at(part + FACTORS, lane), <f32>factor);
    store<f32>(at(part + UNITS, lane), <f32>unit);
    isTiny = isTiny || (secondFactor(factor) != 1 && factor != 0) || (secondFactor(unit) != 1 && unit != 0);
  }
  if (isTiny) {
    // The factors may be no normal float32, although their products may.
    for (let i = 0; i < 4 * classes; i++) {
      const stage = stageOf(changetype<usize>(firstStage), i & 3);
      const T: f64 = targets ? load<f32>(at(targets, i)) : 0;
      store<f32>(at(tile, i), <f32>(<f64>load<f32>(at(tile, i)) * stage.factor() - T * stage.targetFactor()));
    }
    return one;
  }
  const factors = v128.load(part + FACTORS);
  if (!targets) return factors;
  const units = v128.load(part + UNITS);
  for (const end = tile + ((<usize>classes) << 4); tile < end; tile += 16, targets += 16) {
    v128.store(tile, f32x4.sub(f32x4.mul(v128.load(tile), factors), f32x4.mul(v128.load(targets), units)));
  }
  return one;
}

// @ts-ignore: decorator
@inline
function clear(sums: usize): void {
  v128.store(sums, f64x2.splat(0));
  v128.store(sums, f64x2.splat(0), 16);
}
