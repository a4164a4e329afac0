// The fused loss with four rows in the four lanes of each vector, for rows too short to fill vectors by themselves.
import { at, upperHalf } from "../simd";
import { expOfMinus } from "./log-ratio";
import { storeExactGradients, storeLossAndState } from "./row-outputs";
import { finishStages, STAGE_BYTES, secondFactor, stageOf } from "./row-stage";
import { exactReference } from "./reference";
import { transposeIn, transposeOut } from "./transpose";
import { referenceMinus, storedExps, summedExps } from "./window-exp";

/** With so few classes the sum of the exponentials is float64 throughout: no roundings average out. */
const FEW_CLASSES: i32 = 4;

/** Offsets in the local scratch, behind the stages: sums of a lane in doubles, vectors with a number for each lane, the tile of z. */
const SUMS: usize = STAGE_BYTES * 4;
const DOTS: usize = SUMS + 48;
const MAXIMA: usize = DOTS + 32;
const LARGEST_CLASSES: usize = MAXIMA + 16;
const LARGEST_OTHERS: usize = LARGEST_CLASSES + 16;
const EXCLUDED: usize = LARGEST_OTHERS + 16;
const K: usize = EXCLUDED + 16;
const FACTORS: usize = K + 16;
const SECOND_FACTORS: usize = FACTORS + 16;
const UNITS: usize = SECOND_FACTORS + 16;
const SECOND_UNITS: usize = UNITS + 16;
const TILE: usize = SECOND_UNITS + 16;

/** A block is four rows, the last may have fewer. The arguments are those of `softmaxCrossEntropyRows`, and the number of rows. */
export function softmaxCrossEntropyLanes(
  rowLoss: usize, gradient: usize, state: usize,
  logits: usize, labels: usize, probabilities: usize, classWeights: usize, rowScale: usize,
  classes: i32, keep: f64, share: f64, scale: f64, rows: i32,
  begin: i32, end: i32, local: usize,
): void {
  const bytes = <usize>classes << 2;
  const isSpread = probabilities != 0 || share > 0;
  const tile = local + TILE;
  const targets = tile + ((bytes + 12) << 2);
  for (let block = begin; block < end; block++) {
    const first = block * 4;
    const count = min(4, rows - first);
    // Lanes without a row of their own repeat the last one.
    const r0 = <usize>first * bytes;
    const r1 = <usize>(first + min(1, count - 1)) * bytes;
    const r2 = <usize>(first + min(2, count - 1)) * bytes;
    const r3 = <usize>(first + min(3, count - 1)) * bytes;

    transposeIn(tile, logits + r0, logits + r1, logits + r2, logits + r3, classes);
    // A label can stay out of the sum wherever it is; whatever else is asked for needs the likeliest class out of it.
    const needsLargest = isSpread || state != 0 || !labels;
    if (needsLargest) {
      v128.store(local + MAXIMA, maximaOf(tile, classes));
      v128.store(local + LARGEST_CLASSES, classesOf(v128.load(local + MAXIMA), tile, classes));
    }
    for (let lane = 0; lane < 4; lane++) {
      const row = first + min(lane, count - 1);
      const stage = stageOf(local, lane);
      const label = labels ? load<i32>(at(labels, row)) : -1;
      stage.start(labels != 0, label, rowScale ? scale * load<f32>(at(rowScale, row)) : scale);
      stage.excluded = needsLargest ? load<i32>(at(local + LARGEST_CLASSES, lane)) : max(label, 0);
    }
    if (isSpread) {
      if (probabilities) {
        const q = probabilities;
        transposeIn(targets, q + r0, q + r1, q + r2, q + r3, classes);
      } else {
        memory.fill(targets, 0, bytes << 2);
      }
      addSpreadTargets(tile, targets, classWeights, classes, keep, share, local);
    }
    for (let lane = 0; lane < 4; lane++) takeOut(tile, local, lane);
    v128.store(local + LARGEST_OTHERS, maximaOf(tile, classes));
    for (let lane = 0; lane < 4; lane++) {
      const stage = stageOf(local, lane);
      const largestOther = load<f32>(at(local + LARGEST_OTHERS, lane));
      stage.exclude(stage.excluded, load<f32>(at(local + EXCLUDED, lane)));
      stage.setLargest(largestOther);
      stage.refer(stage.isLive ? exactReference(largestOther, stage.m) : 0);
      store<f32>(at(local + K, lane), stage.k);
    }
    for (let lane = 0; lane < 4; lane++) {
      const stage = stageOf(local, lane);
      if (!stage.isLive) continue;
      const z = at(tile, lane);
      if (labels && !probabilities) {
        const w: f64 = classWeights ? load<f32>(at(classWeights, stage.label)) : 1;
        stage.addLabel(keep * w, load<f32>(at(z, 4 * stage.label)));
      }
      if (stage.base != 0) subtractFromLane(z, classes, stage.base);
    }
    clear(local + SUMS);
    if (classes <= FEW_CLASSES) sumInDoubles(tile, classes, local);
    if (gradient) storedExps(tile, tile, classes, v128.load(local + K), local + SUMS);
    else if (classes > FEW_CLASSES) summedExps(tile, classes, v128.load(local + K), local + SUMS);
    const sums = local + (classes <= FEW_CLASSES ? DOTS : SUMS);
    for (let lane = 0; lane < 4; lane++) stageOf(local, lane).R = load<f64>(sums + (<usize>lane << 3));
    finishStages(local, 4);

    for (let lane = 0; lane < count; lane++) {
      const row = first + lane;
      storeLossAndState(stageOf(local, lane), rowLoss, state, row, logits + <usize>row * bytes, classes);
    }
    if (!gradient) continue;
    fillFactors(local);
    scaleTile(tile, isSpread ? targets : 0, classes, local);
    transposeOut(tile, gradient + r0, gradient + r1, gradient + r2, gradient + r3, classes);
    for (let lane = 0; lane < count; lane++) {
      storeExactGradients(stageOf(local, lane), gradient + <usize>(first + lane) * bytes, 0, classes);
    }
  }
}

/** Moves the logit of a lane's excluded class out of the tile; −∞ stays. */
// @ts-ignore: decorator
@inline
function takeOut(tile: usize, local: usize, lane: i32): void {
  const z = at(tile, 4 * stageOf(local, lane).excluded + lane);
  store<f32>(at(local + EXCLUDED, lane), load<f32>(z));
  store<f32>(z, -Infinity);
}

/** The largest logit of each lane, NaN left aside. */
function maximaOf(tile: usize, classes: i32): v128 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  const end = tile + (<usize>classes << 4);
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
    found = v128.bitselect(i32x4.splat(j), found, f32x4.eq(v128.load(tile + (<usize>j << 4)), maxima));
  }
  return found;
}

/**
 * Turns the tile of probabilities into one of targets that are spread over the classes, and adds their sums to the stages.
 * Rows here may have two or three classes only, so there is no average of many roundings: all of it is float64.
 */
function addSpreadTargets(
  tile: usize, targets: usize, classWeights: usize, classes: i32, keep: f64, share: f64, local: usize,
): void {
  for (let lane = 0; lane < 4; lane++) {
    const stage = stageOf(local, lane);
    const w: f64 = classWeights ? load<f32>(at(classWeights, stage.excluded)) : 1;
    stage.atExcluded = w * (keep * <f64>load<f32>(at(targets, 4 * stage.excluded + lane)) + share);
  }
  const keepLanes = f64x2.splat(keep);
  const shareLanes = f64x2.splat(share);
  const maxima = v128.load(local + MAXIMA);
  const lowerMaxima = f64x2.promote_low_f32x4(maxima);
  const upperMaxima = f64x2.promote_low_f32x4(upperHalf(maxima));
  let lowerSum = f64x2.splat(0);
  let upperSum = lowerSum;
  let lowerDot = lowerSum;
  let upperDot = lowerSum;
  for (let j = 0; j < classes; j++) {
    const w = f64x2.splat(classWeights ? <f64>load<f32>(at(classWeights, j)) : 1);
    const offset = <usize>j << 4;
    const q = v128.load(targets + offset);
    const z = v128.load(tile + offset);
    const lower = f64x2.mul(w, f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(q), keepLanes), shareLanes));
    const upper = f64x2.mul(w, f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(upperHalf(q)), keepLanes), shareLanes));
    lowerSum = f64x2.add(lowerSum, lower);
    upperSum = f64x2.add(upperSum, upper);
    lowerDot = f64x2.add(lowerDot, timesDistance(lower, lowerMaxima, f64x2.promote_low_f32x4(z)));
    upperDot = f64x2.add(upperDot, timesDistance(upper, upperMaxima, f64x2.promote_low_f32x4(upperHalf(z))));
    const T = v128.shuffle<f64>(f32x4.demote_f64x2_zero(lower), f32x4.demote_f64x2_zero(upper), 0, 2);
    v128.store(targets + offset, T);
  }
  v128.store(local + SUMS, lowerSum);
  v128.store(local + SUMS, upperSum, 16);
  v128.store(local + DOTS, lowerDot);
  v128.store(local + DOTS, upperDot, 16);
  for (let lane = 0; lane < 4; lane++) {
    const stage = stageOf(local, lane);
    stage.others = load<f64>(local + SUMS + (<usize>lane << 3)) - stage.atExcluded;
    stage.dot = load<f64>(local + DOTS + (<usize>lane << 3));
  }
}

/** T·(m − z), 0 where T is 0. */
// @ts-ignore: decorator
@inline
function timesDistance(T: v128, m: v128, z: v128): v128 {
  return v128.andnot(f64x2.mul(T, f64x2.sub(m, z)), f64x2.eq(T, f64x2.splat(0)));
}

/** R of the four rows, where the dots of the targets stood: from float64 exponentials, since there are too few to average out. */
function sumInDoubles(tile: usize, classes: i32, local: usize): void {
  for (let lane = 0; lane < 4; lane += 2) {
    const k = stageOf(local, lane).k;
    const nextK = stageOf(local, lane + 1).k;
    let sum = f64x2.splat(0);
    for (let j = 0; j < classes; j++) {
      const x = at(tile, 4 * j + lane);
      const below = f64x2.splat(referenceMinus(load<f32>(x), 0, k));
      sum = f64x2.add(sum, expOfMinus(f64x2.replace_lane(below, 1, referenceMinus(load<f32>(x, 4), 0, nextK))));
    }
    v128.store(local + DOTS + (<usize>lane << 3), sum);
  }
}

/** Puts the factors and units of the four rows into lanes. */
function fillFactors(local: usize): void {
  for (let lane = 0; lane < 4; lane++) {
    const stage = stageOf(local, lane);
    const second = secondFactor(stage.factor());
    store<f32>(at(local + FACTORS, lane), <f32>(stage.factor() / second));
    store<f32>(at(local + SECOND_FACTORS, lane), <f32>second);
    const secondUnit = secondFactor(stage.unit);
    store<f32>(at(local + UNITS, lane), <f32>(stage.unit / secondUnit));
    store<f32>(at(local + SECOND_UNITS, lane), <f32>secondUnit);
  }
}

/** e^(z_j − o) becomes u·(S·p_j − T_j), without what the label adds to T. */
function scaleTile(tile: usize, targets: usize, classes: i32, local: usize): void {
  const factors = v128.load(local + FACTORS);
  const seconds = v128.load(local + SECOND_FACTORS);
  const units = v128.load(local + UNITS);
  const secondUnits = v128.load(local + SECOND_UNITS);
  const end = tile + (<usize>classes << 4);
  if (targets) {
    for (; tile < end; tile += 16, targets += 16) {
      const product = f32x4.mul(f32x4.mul(v128.load(tile), factors), seconds);
      v128.store(tile, f32x4.sub(product, f32x4.mul(f32x4.mul(v128.load(targets), units), secondUnits)));
    }
  } else {
    for (; tile < end; tile += 16) v128.store(tile, f32x4.mul(f32x4.mul(v128.load(tile), factors), seconds));
  }
}

function subtractFromLane(z: usize, classes: i32, base: f32): void {
  for (let j = 0; j < classes; j++, z += 16) store<f32>(z, load<f32>(z) - base);
}

// @ts-ignore: decorator
@inline
function clear(sums: usize): void {
  v128.store(sums, f64x2.splat(0));
  v128.store(sums, f64x2.splat(0), 16);
}
