// The fused loss row by row, for rows that fill vectors by themselves.
import { CLASS_BLOCK, STAGE_BYTES } from "../../src/kernels/block-sizes";
import { at } from "../simd";
import { Cap, CAP_BYTES } from "./capped-logits";
import { addCappedLabel, cappedGradient, referCapped, sumCappedClasses } from "./capped-rows";
import { expsOfBlock, gradientOfBlock, largestSoFar, startLargest, targetsOfBlock } from "./class-block";
import { firstIndexOf, largest, largestWithout } from "./largest";
import { exactReference, guessFor, isGood } from "./reference";
import { storeExactGradients, storeLossAndState } from "./row-outputs";
import { finishStages, RowStage, stageOf } from "./row-stage";
import { targetOf } from "./targets";
import { addTerms } from "./terms";
import { inverseOf, openWindow, Window, WINDOW_BYTES } from "./window-exp";

/**
 * Rows go through each step together, so that none waits for another's divisions: as many as have so many classes in all, and so
 * many at most.
 */
const CLASSES_OF_BATCH: i32 = 4096;
const MOST_IN_BATCH: i32 = 16;

/** Offsets in the local scratch, behind the window: the cap, the stages, the sums of targets, and what a block of classes needs. */
const CAP: usize = WINDOW_BYTES;
const STAGES: usize = CAP + CAP_BYTES;
const SUMS: usize = STAGES + STAGE_BYTES * MOST_IN_BATCH;
const BLOCK: usize = SUMS + 16;

/** A block is a row. The arguments are the contract's, addresses 0 where a tensor is absent; `keep` is 1 − ε and `share` ε/C. */
export function softmaxCrossEntropyRows(
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
  scaleOfAll: f64,
  inverseTemperature: f64,
  zLoss: f64,
  focal: f64,
  poly: f64,
  softcap: f64,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const t = inverseOf(temperature, inverseTemperature);
  const isCapped = softcap != 0;
  // A cap has divided by the temperature.
  const window = openWindow(local, isCapped ? 1 : t);
  const cap = changetype<Cap>(local + CAP);
  if (isCapped) cap.start(t, softcap);
  const stages = local + STAGES;
  const unit = isCapped ? scaleOfAll : scaleOfAll * t;
  const bytes = (<usize>classes) << 2;
  const isSpread = probabilities != 0 || share > 0;
  // A label can stay out of the sum wherever it is; whatever else is asked for needs the likeliest class out of it.
  const isByLabel = labels != 0 && !isSpread && !state && !isCapped;
  // Beside probabilities labels only mark the rows that are ignored.
  const hasTarget = labels != 0 && !probabilities;
  const guesses = gradient != logits && !isCapped;
  const batch = isCapped ? 1 : min(MOST_IN_BATCH, max(1, CLASSES_OF_BATCH / classes));
  for (let first = begin; first < end; first += batch) {
    const count = min(batch, end - first);

    for (let i = 0; i < count; i++) {
      const row = first + i;
      const z = logits + <usize>row * bytes;
      const stage = stageOf(stages, i);
      const label = labels ? load<i32>(at(labels, row)) : -1;
      stage.start(labels != 0, label, rowScale ? unit * load<f32>(at(rowScale, row)) : unit);
      if (stage.isIgnored) continue;
      if (hasTarget) stage.zLabel = load<f32>(at(z, label));
      const excluded = isByLabel ? label : firstIndexOf(largest(z, classes), z, classes);
      stage.exclude(excluded, load<f32>(at(z, excluded)));
      stage.m = stage.zExcluded;
      stage.guess = guessFor(z, classes, excluded);
      stage.refer(window, stage.guess);
    }

    for (let i = 0; i < count; i++) {
      const row = first + i;
      const z = logits + <usize>row * bytes;
      const g = gradient ? gradient + <usize>row * bytes : 0;
      const stage = stageOf(stages, i);
      if (stage.isIgnored) continue;
      const q = probabilities ? probabilities + <usize>row * bytes : 0;
      let isSummed = false;
      if (guesses && window.isDirect(stage.guess)) {
        sumClasses(window, stage, z, g, isSpread, q, classWeights, classes, keep, share, local);
        const other = largestSoFar(local + BLOCK);
        stage.setLargest(other);
        isSummed = stage.isLive && isGood(window, stage.guess, other);
      }
      if (!isSummed) {
        const other = largestWithout(stage.excluded, z, classes);
        stage.setLargest(other);
        const reference = exactReference(other, stage.m);
        if (isCapped) referCapped(window, stage, cap, reference);
        else if (!isGood(window, stage.guess, other)) stage.refer(window, reference);
        if (!stage.isLive) continue;
        if (isCapped) {
          sumCappedClasses(window, stage, cap, z, isSpread, q, classWeights, classes, keep, share, local + BLOCK);
        } else sumClasses(window, stage, z, g, isSpread, q, classWeights, classes, keep, share, local);
      }
      if (hasTarget) {
        const w: f64 = classWeights ? load<f32>(at(classWeights, stage.label)) : 1;
        if (isCapped) addCappedLabel(stage, cap, keep * w);
        else stage.addLabel(window, keep * w, stage.zLabel);
      }
    }

    finishStages(stages, count);
    addTerms(window, stages, count, zLoss, focal, poly, classWeights);

    for (let i = 0; i < count; i++) {
      const row = first + i;
      const stage = stageOf(stages, i);
      storeLossAndState(stage, rowLoss, state, row, logits + <usize>row * bytes, classes);
      if (!gradient) continue;
      const g = gradient + <usize>row * bytes;
      if (stage.isLive) {
        const q = probabilities ? probabilities + <usize>row * bytes : 0;
        if (isCapped) {
          const z = logits + <usize>row * bytes;
          cappedGradient(window, stage, cap, z, g, isSpread, q, classWeights, classes, keep, share, local + BLOCK);
        } else gradientOfBlock(stage, g, q, classWeights, 0, classes, isSpread, keep, share);
      }
      storeExactGradients(stage, g, 0, classes);
    }
  }
}

/**
 * R = Σ_{j≠e} e^(t·z_j − o), and the sums of the targets that are spread over the classes. With `out` the terms of R are kept
 * there; what that holds at e means nothing.
 */
function sumClasses(
  window: Window,
  stage: RowStage,
  z: usize,
  out: usize,
  isSpread: bool,
  q: usize,
  classWeights: usize,
  classes: i32,
  keep: f64,
  share: f64,
  local: usize,
): void {
  const sums = local + SUMS;
  v128.store(sums, f64x2.splat(0));
  startLargest(local + BLOCK);
  let R: f64 = 0;
  for (let from = 0; from < classes; from += CLASS_BLOCK) {
    const to = min(from + CLASS_BLOCK, classes);
    if (isSpread) targetsOfBlock(stage, sums, sums, z, q, classWeights, from, to, keep, share);
    R += expsOfBlock(window, stage, z, out, from, to, local + BLOCK);
  }
  stage.R = R;
  if (!isSpread) return;
  stage.others = load<f64>(sums);
  stage.dot = window.t * load<f64>(sums, 8);
  stage.atExcluded = targetOf(q, classWeights, stage.excluded, keep, share);
}
