// The steps of a row whose logits are capped, in place of those in ./rows.ts: block by block its logits are capped in the local
// scratch, for the sums and once more for the gradient, which may take the logits' place.
import { CLASS_BLOCK } from "../../src/kernels/block-sizes";
import { at, promotePairs, sumOfDoubles } from "../simd";
import { Cap, capLogits } from "./capped-logits";
import { BLOCK_SCRATCH, expsOfShifted, gradientOfBlock, startLargest } from "./class-block";
import { RowStage } from "./row-stage";
import { targetOf } from "./targets";
import { Window } from "./window-exp";

/** Offsets in the scratch: what exponentials need, and a block thrice. */
const TERMS: usize = BLOCK_SCRATCH - CLASS_BLOCK * 4;
const RESTS: usize = TERMS + CLASS_BLOCK * 4;
const SLOPES: usize = RESTS + CLASS_BLOCK * 4;

/** R, and the sums of the targets that are spread over the classes. */
export function sumCappedClasses(
  window: Window,
  stage: RowStage,
  cap: Cap,
  z: usize,
  isSpread: bool,
  q: usize,
  classWeights: usize,
  classes: i32,
  keep: f64,
  share: f64,
  local: usize,
): void {
  let R: f64 = 0;
  for (let from = 0; from < classes; from += CLASS_BLOCK) {
    const to = min(from + CLASS_BLOCK, classes);
    capBlock(cap, stage, z, from, to, local);
    if (isSpread) addSpreadTargets(stage, q, classWeights, from, to, keep, share, local);
    R += cappedExps(window, stage, from, to, local);
  }
  stage.R = R;
}

/** The gradient of the row, as {@link gradientOfBlock} leaves it. */
export function cappedGradient(
  window: Window,
  stage: RowStage,
  cap: Cap,
  z: usize,
  g: usize,
  isSpread: bool,
  q: usize,
  classWeights: usize,
  classes: i32,
  keep: f64,
  share: f64,
  local: usize,
): void {
  for (let from = 0; from < classes; from += CLASS_BLOCK) {
    const to = min(from + CLASS_BLOCK, classes);
    // A row of one block still stands in the scratch.
    if (classes > CLASS_BLOCK) {
      capBlock(cap, stage, z, from, to, local);
      cappedExps(window, stage, from, to, local);
    }
    const terms = local + TERMS;
    const weights = classWeights ? at(classWeights, from) : 0;
    gradientOfBlock(stage, terms, q ? at(q, from) : 0, weights, 0, to - from, isSpread, keep, share);
    multiplyInto(at(g, from), terms, local + SLOPES, to - from);
  }
}

/** Puts o a little below the capped reference. */
export function referCapped(window: Window, stage: RowStage, cap: Cap, reference: f32): void {
  const capped = <f32>cap.valueOf(reference);
  stage.base = window.baseOf(capped);
  stage.k = window.exponentOf(capped);
  stage.top = cap.valueOf(stage.zExcluded);
  stage.topSlope = cap.slope;
  stage.d = window.referenceMinus(0, stage.base, stage.k) - stage.top;
}

/** Adds the label's own target. */
export function addCappedLabel(stage: RowStage, cap: Cap, amount: f64): void {
  const capped = cap.valueOf(stage.zLabel);
  stage.labelSlope = cap.slope;
  stage.addLabelBelow(amount, stage.label == stage.excluded ? 0 : stage.top - capped);
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
  startLargest(local);
  const sum = expsOfShifted(window, stage, local + TERMS, local + TERMS, from, to, local);
  // e^(x + rest) = e^x·(1 + rest), and behind the row are zeros.
  let terms = local + TERMS;
  const end = at(terms, count);
  for (let behind = end; (behind & 15) != ((local + TERMS) & 15); behind += 4) {
    store<f32>(behind, 0);
    store<f32>(behind, 0, RESTS - TERMS);
  }
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
