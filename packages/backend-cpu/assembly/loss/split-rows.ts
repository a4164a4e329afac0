/**
 * The fused loss of few long rows, cut into blocks of classes that any thread may compute: the largest of each block, then by row
 * what is left out of the sum, then the sums of each block, then by row what they come to, then the gradient of each block.
 * Where labels stay out of the sum, a guess by row spares the pass for the largest: the sums of each block come first and find
 * it on their way; for rows whose guess was no good they are then made again.
 * Every number is the one that `softmaxCrossEntropyRows` computes, and every sum is added in its order.
 */
import { CLASS_BLOCK, PARTIAL_BYTES, STAGE_BYTES } from "../../src/kernels/block-sizes";
import { at } from "../simd";
import { expsOfBlock, gradientOfBlock, largestSoFar, startLargest, targetsOfBlock } from "./class-block";
import { firstIndexOf, largest, largestWithout } from "./largest";
import { exactReference, guessFor, isGood } from "./reference";
import { storeExactGradients, storeLossAndState } from "./row-outputs";
import { finishStages, RowStage, stageOf } from "./row-stage";
import { targetOf } from "./targets";
import { addTerms } from "./terms";
import { inverseOf, openWindow, Window, WINDOW_BYTES } from "./window-exp";

/** Offsets in what a block leaves, as doubles: its part of R, and the sums of targets before and behind the excluded class. */
const BEFORE: usize = 8;
const BEHIND: usize = 24;

/** Block (row, class block): its largest logit, without the label's where that stays out of the sum. */
export function lossLargest(
  maxima: usize,
  logits: usize,
  excludedLabels: usize,
  classes: i32,
  begin: i32,
  end: i32,
  _local: usize,
): void {
  const classBlocks = (classes + CLASS_BLOCK - 1) / CLASS_BLOCK;
  for (let block = begin; block < end; block++) {
    const row = block / classBlocks;
    const from = (block % classBlocks) * CLASS_BLOCK;
    const to = min(from + CLASS_BLOCK, classes);
    const z = logits + ((<usize>row * <usize>classes) << 2);
    const excluded = excludedLabels ? load<i32>(at(excludedLabels, row)) : -1;
    const isHere = from <= excluded && excluded < to;
    const m = isHere ? largestWithout(excluded - from, at(z, from), to - from) : largest(at(z, from), to - from);
    store<f32>(at(maxima, block), m);
  }
}

/** Block: a row whose label stays out of the sum, and whose reference is guessed. */
export function lossGuesses(
  stages: usize,
  logits: usize,
  labels: usize,
  temperature: usize,
  classes: i32,
  inverseTemperature: f64,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const window = openWindow(local, inverseOf(temperature, inverseTemperature));
  for (let row = begin; row < end; row++) {
    const z = logits + ((<usize>row * <usize>classes) << 2);
    const stage = stageOf(stages, row);
    const label = load<i32>(at(labels, row));
    stage.isGuessed = false;
    if (label < 0) continue;
    const guess = guessFor(z, classes, label);
    stage.exclude(label, load<f32>(at(z, label)));
    stage.refer(window, guess);
    stage.isGuessed = window.isDirect(guess);
  }
}

/** Block: a row, of whose blocks the largest are known: by `lossLargest`, or where it was guessed by `lossExps`. */
export function lossStages(
  stages: usize,
  maxima: usize,
  logits: usize,
  labels: usize,
  rowScale: usize,
  classes: i32,
  excludesLabels: i32,
  isGuessing: i32,
  scale: f64,
  temperature: usize,
  inverseTemperature: f64,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const classBlocks = (classes + CLASS_BLOCK - 1) / CLASS_BLOCK;
  const t = inverseOf(temperature, inverseTemperature);
  const window = openWindow(local, t);
  const unit = scale * t;
  for (let row = begin; row < end; row++) {
    const z = logits + ((<usize>row * <usize>classes) << 2);
    const own = at(maxima, row * classBlocks);
    const stage = stageOf(stages, row);
    const label = labels ? load<i32>(at(labels, row)) : -1;
    stage.start(labels != 0, label, rowScale ? unit * load<f32>(at(rowScale, row)) : unit);
    stage.isSummed = false;
    if (stage.isIgnored) continue;
    // Beside probabilities labels only mark the rows that are ignored, and may be anything.
    if (label < classes) stage.zLabel = load<f32>(at(z, max(label, 0)));
    let other: f32;
    if (excludesLabels) {
      stage.exclude(label, stage.zLabel);
      other = isGuessing && !stage.isGuessed ? largestWithout(label, z, classes) : largest(own, classBlocks);
    } else {
      const block = firstIndexOf(largest(own, classBlocks), own, classBlocks);
      const from = block * CLASS_BLOCK;
      const count = min(CLASS_BLOCK, classes - from);
      const inBlock = firstIndexOf(load<f32>(at(own, block)), at(z, from), count);
      stage.exclude(from + inBlock, load<f32>(at(z, from + inBlock)));
      other = max(largestWithout(inBlock, at(z, from), count), largestWithout(block, own, classBlocks));
    }
    const guess = guessFor(z, classes, stage.excluded);
    stage.setLargest(other);
    const good = isGood(window, guess, other);
    stage.isSummed = isGuessing != 0 && stage.isGuessed && good;
    if (!stage.isSummed) stage.refer(window, good ? guess : exactReference(other, stage.m));
  }
}

/**
 * Block (row, class block): its exponentials, kept in `gradient` if that is there, and its sums. With `maxima`, of rows that were
 * guessed, and its largest logit but the label's; without, of rows that are not summed yet.
 */
export function lossExps(
  partials: usize,
  maxima: usize,
  gradient: usize,
  stages: usize,
  logits: usize,
  probabilities: usize,
  classWeights: usize,
  classes: i32,
  isSpread: i32,
  keep: f64,
  share: f64,
  temperature: usize,
  inverseTemperature: f64,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const window = openWindow(local, inverseOf(temperature, inverseTemperature));
  const scratch = local + WINDOW_BYTES;
  const classBlocks = (classes + CLASS_BLOCK - 1) / CLASS_BLOCK;
  for (let block = begin; block < end; block++) {
    const row = block / classBlocks;
    const stage = stageOf(stages, row);
    if (maxima ? !stage.isGuessed : !stage.isLive || stage.isSummed) continue;
    const from = (block % classBlocks) * CLASS_BLOCK;
    const to = min(from + CLASS_BLOCK, classes);
    const first = (<usize>row * <usize>classes) << 2;
    const z = logits + first;
    const partial = partials + <usize>block * PARTIAL_BYTES;
    if (isSpread) {
      const q = probabilities ? probabilities + first : 0;
      memory.fill(partial, 0, PARTIAL_BYTES);
      targetsOfBlock(stage, partial + BEFORE, partial + BEHIND, z, q, classWeights, from, to, keep, share);
    }
    startLargest(scratch);
    store<f64>(partial, expsOfBlock(window, stage, z, gradient ? gradient + first : 0, from, to, scratch));
    if (maxima) store<f32>(at(maxima, block), largestSoFar(scratch));
  }
}

/** Block: a row, whose sums, loss and state come out. */
export function lossResults(
  rowLoss: usize,
  state: usize,
  stages: usize,
  partials: usize,
  logits: usize,
  labels: usize,
  probabilities: usize,
  classWeights: usize,
  classes: i32,
  isSpread: i32,
  keep: f64,
  share: f64,
  temperature: usize,
  inverseTemperature: f64,
  zLoss: f64,
  focal: f64,
  poly: f64,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const window = openWindow(local, inverseOf(temperature, inverseTemperature));
  const ownStage = local + WINDOW_BYTES;
  const classBlocks = (classes + CLASS_BLOCK - 1) / CLASS_BLOCK;
  for (let row = begin; row < end; row++) {
    const first = (<usize>row * <usize>classes) << 2;
    const z = logits + first;
    const kept = stages + <usize>row * STAGE_BYTES;
    memory.copy(ownStage, kept, STAGE_BYTES);
    const stage = stageOf(ownStage, 0);
    // A row that is computed again begins anew.
    stage.others = 0;
    stage.atExcluded = 0;
    stage.dot = 0;
    if (stage.isLive) {
      const own = partials + <usize>(row * classBlocks) * PARTIAL_BYTES;
      if (isSpread) {
        addPartialTargets(window, stage, own, classBlocks);
        stage.atExcluded += targetOf(
          probabilities ? probabilities + first : 0,
          classWeights,
          stage.excluded,
          keep,
          share,
        );
      }
      if (labels && !probabilities) {
        const w: f64 = classWeights ? load<f32>(at(classWeights, stage.label)) : 1;
        stage.addLabel(window, keep * w, stage.zLabel);
      }
      let total: f64 = 0;
      for (let i = 0; i < classBlocks; i++) total += load<f64>(own + <usize>i * PARTIAL_BYTES);
      stage.R = total;
    }
    finishStages(ownStage, 1);
    addTerms(window, ownStage, 1, zLoss, focal, poly, classWeights);
    storeLossAndState(stage, rowLoss, state, row, z, classes);
    memory.copy(kept, ownStage, STAGE_BYTES);
  }
}

/** Block (row, class block): its gradient, from its exponentials. */
export function lossGradients(
  gradient: usize,
  stages: usize,
  probabilities: usize,
  classWeights: usize,
  classes: i32,
  isSpread: i32,
  keep: f64,
  share: f64,
  begin: i32,
  end: i32,
  _local: usize,
): void {
  const classBlocks = (classes + CLASS_BLOCK - 1) / CLASS_BLOCK;
  for (let block = begin; block < end; block++) {
    const row = block / classBlocks;
    const from = (block % classBlocks) * CLASS_BLOCK;
    const to = min(from + CLASS_BLOCK, classes);
    const first = (<usize>row * <usize>classes) << 2;
    const g = gradient + first;
    const stage = stageOf(stages, row);
    if (stage.isLive) {
      const q = probabilities ? probabilities + first : 0;
      gradientOfBlock(stage, g, q, classWeights, from, to, isSpread != 0, keep, share);
    }
    storeExactGradients(stage, g, from, to);
  }
}

/** Adds up the targets as `softmaxCrossEntropyRows` does: block by block, before and behind the excluded class. */
// @ts-ignore: decorator
@inline
function addPartialTargets(window: Window, stage: RowStage, partials: usize, classBlocks: i32): void {
  let sums = f64x2.splat(0);
  for (let i = 0; i < classBlocks; i++, partials += PARTIAL_BYTES) {
    sums = f64x2.add(sums, v128.load(partials + BEFORE));
    sums = f64x2.add(sums, v128.load(partials + BEHIND));
  }
  stage.others += f64x2.extract_lane(sums, 0);
  stage.dot += window.t * f64x2.extract_lane(sums, 1);
}
