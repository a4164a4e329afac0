// The fused loss with capped logits, row by row. They are capped block by block, for the sums and once more for the gradient,
// which may take the logits' place.
import { CLASS_BLOCK, STAGE_BYTES } from "../../src/kernels/block-sizes";
import { at, promotePairs, sumOfDoubles } from "../simd";
import { Cap, capLogits } from "./capped-logits";
import { BLOCK_SCRATCH, expsOfShifted, gradientOfBlock, startLargest } from "./class-block";
import { firstIndexOf, largest, largestWithout } from "./largest";
import { exactReference } from "./reference";
import { storeExactGradients, storeLossAndState } from "./row-outputs";
import { finishStages, RowStage, stageOf } from "./row-stage";
import { targetOf } from "./targets";
import { addTerms } from "./terms";
import { inverseOf, openWindow, Window, WINDOW_BYTES } from "./window-exp";

/** Offsets in the local scratch, behind the window: the row's stage, the cap, what exponentials need, and a block thrice. */
const STAGE: usize = WINDOW_BYTES;
const CAP: usize = STAGE + 2 * STAGE_BYTES;
const SUMS: usize = CAP + 48;
const TERMS: usize = SUMS + BLOCK_SCRATCH - CLASS_BLOCK * 4;
const RESTS: usize = TERMS + CLASS_BLOCK * 4;
const SLOPES: usize = RESTS + CLASS_BLOCK * 4;

/** A block is a row. The arguments are those of `softmaxCrossEntropyRows`, and the cap. */
export function softmaxCrossEntropyCappedRows(
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
  softcap: f64,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const window = openWindow(local, 1);
  const stage = stageOf(local + STAGE, 0);
  const cap = changetype<Cap>(local + CAP);
  cap.start(inverseOf(temperature, inverseTemperature), softcap);
  const bytes = (<usize>classes) << 2;
  const isSpread = probabilities != 0 || share > 0;
  for (let row = begin; row < end; row++) {
    const z = logits + <usize>row * bytes;
    const q = probabilities ? probabilities + <usize>row * bytes : 0;
    const g = gradient ? gradient + <usize>row * bytes : 0;
    stage.start(
      labels != 0,
      labels ? load<i32>(at(labels, row)) : -1,
      rowScale ? scale * load<f32>(at(rowScale, row)) : scale,
    );
    if (!stage.isIgnored) {
      const excluded = firstIndexOf(largest(z, classes), z, classes);
      const other = largestWithout(excluded, z, classes);
      stage.exclude(excluded, load<f32>(at(z, excluded)));
      stage.setLargest(other);
      if (stage.isLive) refer(window, stage, cap, exactReference(other, stage.m));
    }
    if (stage.isLive) {
      stage.R = 0;
      for (let from = 0; from < classes; from += CLASS_BLOCK) {
        const to = min(from + CLASS_BLOCK, classes);
        capBlock(cap, stage, z, from, to, local);
        if (isSpread) addSpreadTargets(stage, q, classWeights, from, to, keep, share, local);
        stage.R += cappedExps(window, stage, from, to, local);
      }
      if (labels && !probabilities) {
        const zLabel = load<f32>(at(z, stage.label));
        const w: f64 = classWeights ? load<f32>(at(classWeights, stage.label)) : 1;
        const capped = cap.valueOf(zLabel);
        stage.labelSlope = cap.slope;
        stage.addLabelBelow(keep * w, stage.label == stage.excluded ? 0 : stage.top - capped);
      }
    }

    finishStages(changetype<usize>(stage), 1);
    addTerms(window, changetype<usize>(stage), 1, zLoss, focal, poly, classWeights);

    storeLossAndState(stage, rowLoss, state, row, z, classes);
    if (!gradient) continue;
    for (let from = 0; stage.isLive && from < classes; from += CLASS_BLOCK) {
      const to = min(from + CLASS_BLOCK, classes);
      capBlock(cap, stage, z, from, to, local);
      cappedExps(window, stage, from, to, local);
      const terms = local + TERMS;
      const weights = classWeights ? at(classWeights, from) : 0;
      gradientOfBlock(stage, terms, q ? at(q, from) : 0, weights, 0, to - from, isSpread, keep, share);
      multiplyInto(at(g, from), terms, local + SLOPES, to - from);
    }
    storeExactGradients(stage, g, 0, classes);
  }
}

/** Puts o a little below the capped reference. */
function refer(window: Window, stage: RowStage, cap: Cap, reference: f32): void {
  const capped = <f32>cap.valueOf(reference);
  stage.base = window.baseOf(capped);
  stage.k = window.exponentOf(capped);
  stage.top = cap.valueOf(stage.zExcluded);
  stage.topSlope = cap.slope;
  stage.d = window.referenceMinus(0, stage.base, stage.k) - stage.top;
}

/** z′ − base of a block in the local scratch, and its slopes. */
function capBlock(cap: Cap, stage: RowStage, z: usize, from: i32, to: i32, local: usize): void {
  capLogits(cap, at(z, from), local + TERMS, local + RESTS, local + SLOPES, to - from, stage.base);
}

/** The targets of a capped block that are spread over the classes. A T_j of 0 is skipped, so that 0·∞ is 0. */
function addSpreadTargets(
  stage: RowStage,
  q: usize,
  classWeights: usize,
  from: i32,
  to: i32,
  keep: f64,
  share: f64,
  local: usize,
): void {
  const top = stage.top - <f64>stage.base;
  for (let j = from; j < to; j++) {
    const T = targetOf(q, classWeights, j, keep, share);
    if (T == 0) continue;
    if (j == stage.excluded) stage.atExcluded += T;
    else {
      stage.others += T;
      const offset = at(local, j - from);
      stage.dot += T * (top - load<f32>(offset, TERMS) - load<f32>(offset, RESTS));
    }
  }
}

/** e^(z′_j − o) of a capped block in its place, and their sum but for the excluded class. */
function cappedExps(window: Window, stage: RowStage, from: i32, to: i32, local: usize): f64 {
  const count = to - from;
  startLargest(local + SUMS);
  const sum = expsOfShifted(window, stage, local + TERMS, local + TERMS, from, to, local + SUMS);
  // e^(x + rest) = e^x·(1 + rest), and behind the row are zeros.
  let terms = local + TERMS;
  const end = at(terms, count);
  for (let behind = end; (behind & 15) != ((local + TERMS) & 15); behind += 4) store<f32>(behind, 0);
  let rests = local + RESTS;
  let added = f64x2.splat(0);
  for (; terms < end; terms += 16, rests += 16) {
    const e = v128.load(terms);
    const more = f32x4.mul(e, v128.load(rests));
    added = f64x2.add(added, promotePairs(more));
    v128.store(terms, f32x4.add(e, more));
  }
  return sum + sumOfDoubles(added);
}

/** y = a·b */
function multiplyInto(y: usize, a: usize, b: usize, count: i32): void {
  const end = at(y, count);
  for (; y + 16 <= end; y += 16, a += 16, b += 16) v128.store(y, f32x4.mul(v128.load(a), v128.load(b)));
  for (; y < end; y += 4, a += 4, b += 4) store<f32>(y, load<f32>(a) * load<f32>(b));
}
