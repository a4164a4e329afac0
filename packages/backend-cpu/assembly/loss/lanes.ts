// The fused loss with four rows in the four lanes of each vector, for rows too short to fill vectors by themselves.
import { ROWS_IN_LANES, STAGE_BYTES } from "../../src/kernels/block-sizes";
import { exponential } from "../logarithm";
import { at } from "../simd";
import { labelledLanes } from "./labelled-lanes";
import { DOTS, EXCLUDED, K, LARGEST_CLASSES, LARGEST_OTHERS, PART_BYTES, SUMS } from "./lane-part";
import { addSpreadTargets, scaleTile } from "./lane-targets";
import { clear, laneOf, largestOthers, logitOf, startTile, takeOut } from "./lane-tile";
import { exactReference } from "./reference";
import { storeExactGradients, storeLossAndState } from "./row-outputs";
import { finishStages, stageOf } from "./row-stage";
import { addTerms } from "./terms";
import { transposeIn, transposeOut } from "./transpose";
import { GROUP_BYTES, GROUP_VECTORS, inverseOf, openWindow, storedExps, Window, WINDOW_BYTES } from "./window-exp";

/** With so few classes the sum of the exponentials is float64 throughout: no roundings average out. */
const FEW_CLASSES: i32 = 4;

/** So many blocks go through each step together: then none waits for another's divisions, or for what it has just stored. */
const BATCH: i32 = 4;

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
  const isPlain =
    !needsLargest && !(classWeights | rowScale) && classes > FEW_CLASSES && zLoss == 0 && focal == 0 && poly == 0;
  const whole = rows / ROWS_IN_LANES;
  for (let first = begin, blocks = 0; first < end; first += blocks) {
    // A block of fewer rows is a batch of its own.
    blocks = min(BATCH, (first < whole ? min(whole, end) : end) - first);
    const lanes = 4 * blocks;
    const firstRow = 4 * first;
    const lastRow = min(firstRow + lanes, rows) - 1;
    if (isPlain && first < whole) {
      const z = logits + <usize>firstRow * bytes;
      const g = gradient ? gradient + <usize>firstRow * bytes : 0;
      const losses = rowLoss ? at(rowLoss, firstRow) : 0;
      if (labelledLanes(window, losses, g, z, at(labels, firstRow), classes, unit, blocks, groups, tiles, tileBytes, parts))
        continue;
    }

    for (let b = 0; b < blocks; b++) {
      const tile = tiles + <usize>b * tileBytes;
      const part = parts + <usize>b * PART_BYTES;
      const maxima = startTile(tile, tileBytes, part, logits, firstRow + 4 * b, lastRow, classes);
      if (needsLargest) v128.store(part + LARGEST_CLASSES, classesOf(maxima, tile, classes));
    }
    for (let i = 0; i < lanes; i++) {
      // Lanes without a row of their own repeat the last one.
      const row = min(firstRow + i, lastRow);
      const stage = stageOf(stages, i);
      const label = labels ? load<i32>(at(labels, row)) : -1;
      stage.startHere(labels != 0, label, rowScale ? unit * load<f32>(at(rowScale, row)) : unit);
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
      v128.store(part + LARGEST_OTHERS, largestOthers(part, tiles + <usize>b * tileBytes, classes));
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

/** In each lane, the first class whose logit is the lane's maximum; 0 where all are NaN. */
function classesOf(maxima: v128, tile: usize, classes: i32): v128 {
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
