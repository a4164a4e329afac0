// The fused loss row by row, for rows that fill vectors by themselves.
import { at } from "../simd";
import { CLASS_BLOCK, expsOfBlock, gradientOfBlock, largestSoFar, startLargest, targetsOfBlock } from "./class-block";
import { firstIndexOf, largest, largestWithout } from "./largest";
import { exactReference, guessFor, isGood } from "./reference";
import { storeExactGradients, storeLossAndState } from "./row-outputs";
import { finishStages, RowStage, STAGE_BYTES, stageOf } from "./row-stage";
import { targetOf } from "./targets";
import { isDirect } from "./window-exp";

/** Short rows are finished four at a time. */
const BATCH: i32 = 4;
const LONGEST_IN_BATCH: i32 = 2048;

/** Offsets in the local scratch, behind the stages: the sums of targets, and what a block of classes needs. */
const SUMS: usize = STAGE_BYTES * BATCH;
const BLOCK: usize = SUMS + 16;

/** A block is a row. The arguments are the contract's, addresses 0 where a tensor is absent; `keep` is 1 − ε and `share` ε/C. */
export function softmaxCrossEntropyRows(
  rowLoss: usize, gradient: usize, state: usize,
  logits: usize, labels: usize, probabilities: usize, classWeights: usize, rowScale: usize,
  classes: i32, keep: f64, share: f64, scaleOfAll: f64,
  begin: i32, end: i32, local: usize,
): void {
  const bytes = <usize>classes << 2;
  const isSpread = probabilities != 0 || share > 0;
  const isByLabel = labels != 0 && !isSpread && !state;
  const batch = classes > LONGEST_IN_BATCH ? 1 : BATCH;
  for (let first = begin; first < end; first += batch) {
    const count = min(batch, end - first);

    for (let i = 0; i < count; i++) {
      const row = first + i;
      const z = logits + <usize>row * bytes;
      const stage = stageOf(local, i);
      const label = labels ? load<i32>(at(labels, row)) : -1;
      stage.start(labels != 0, label, rowScale ? scaleOfAll * load<f32>(at(rowScale, row)) : scaleOfAll);
      stage.isLive = false;
      if (stage.isIgnored) continue;

      // A label can stay out of the sum wherever it is; whatever else is asked for needs the likeliest class out of it.
      const excluded = isByLabel ? label : firstIndexOf(largest(z, classes), z, classes);
      stage.exclude(excluded, load<f32>(at(z, excluded)));
      const guess = guessFor(z, classes, excluded);
      const g = gradient ? gradient + <usize>row * bytes : 0;
      let isSummed = false;
      if (isByLabel && g != z && isDirect(guess)) {
        stage.refer(guess);
        stage.R = sumOfExps(z, g, classes, stage, local);
        const other = largestSoFar(local + BLOCK);
        stage.setLargest(other);
        isSummed = stage.isLive && isGood(guess, other);
      }
      if (!isSummed) {
        const other = largestWithout(excluded, z, classes);
        stage.setLargest(other);
        stage.refer(isGood(guess, other) ? guess : exactReference(other, stage.m));
      }
      if (!stage.isLive) continue;
      if (isSpread) {
        const q = probabilities ? probabilities + <usize>row * bytes : 0;
        addSpreadTargets(stage, z, q, classWeights, classes, keep, share, local);
      }
      if (labels && !probabilities) {
        const w: f64 = classWeights ? load<f32>(at(classWeights, label)) : 1;
        stage.addLabel(keep * w, load<f32>(at(z, label)));
      }
      if (!isSummed) stage.R = sumOfExps(z, g, classes, stage, local);
    }

    finishStages(local, count);

    for (let i = 0; i < count; i++) {
      const row = first + i;
      const stage = stageOf(local, i);
      storeLossAndState(stage, rowLoss, state, row, logits + <usize>row * bytes, classes);
      if (!gradient) continue;
      const g = gradient + <usize>row * bytes;
      if (stage.isLive) {
        const q = probabilities ? probabilities + <usize>row * bytes : 0;
        gradientOfBlock(stage, g, q, classWeights, 0, classes, isSpread, keep, share);
      }
      storeExactGradients(stage, g, 0, classes);
    }
  }
}

/** The targets that are spread over the classes, the excluded one apart. */
// @ts-ignore: decorator
@inline
function addSpreadTargets(
  stage: RowStage, z: usize, q: usize, classWeights: usize, classes: i32, keep: f64, share: f64, local: usize,
): void {
  const sums = local + SUMS;
  v128.store(sums, f64x2.splat(0));
  for (let from = 0; from < classes; from += CLASS_BLOCK) {
    targetsOfBlock(stage, sums, sums, z, q, classWeights, from, min(from + CLASS_BLOCK, classes), keep, share);
  }
  stage.others += load<f64>(sums);
  stage.dot += load<f64>(sums, 8);
  stage.atExcluded += targetOf(q, classWeights, stage.excluded, keep, share);
}

/** R = Σ_{j≠e} e^(z_j − o). With `out` its terms are kept there; what that holds at e means nothing. */
function sumOfExps(z: usize, out: usize, classes: i32, stage: RowStage, local: usize): f64 {
  let total: f64 = 0;
  startLargest(local + BLOCK);
  for (let from = 0; from < classes; from += CLASS_BLOCK) {
    total += expsOfBlock(stage, z, out, from, min(from + CLASS_BLOCK, classes), local + BLOCK);
  }
  return total;
}
