// The fused loss row by row, for rows that fill vectors by themselves.
import { at } from "../simd";
import { firstIndexOf, largest, largestWithout } from "./largest";
import { exactReference, guessFor, isGood } from "./reference";
import { storeExactGradients, storeLossAndState } from "./row-outputs";
import { finishStages, RowStage, STAGE_BYTES, secondFactor, stageOf } from "./row-stage";
import { addTargets, scale, subtractTargets, targetOf } from "./targets";
import { isDirect, storedExps, subtractBase, summedExps } from "./window-exp";

/** The sum over a row is one of blocks of so many classes, added in order. */
const CLASS_BLOCK: i32 = 4096;

/** Short rows are finished four at a time. */
const BATCH: i32 = 4;
const LONGEST_IN_BATCH: i32 = 2048;

/** Offsets in the local scratch, behind the stages: four sums in doubles and four maxima, four logits, their exponentials. */
const SUMS: usize = STAGE_BYTES * BATCH;
const LOGITS: usize = SUMS + 48;
const EXPS: usize = LOGITS + 16;
/** And a block of logits less their base. */
const SHIFTED: usize = EXPS + 16;

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
        stage.setLargest(largestOfSums(local));
        isSummed = stage.isLive && isGood(guess, largestOfSums(local));
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
      if (labels) {
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
        scaleExps(stage, g, q, classWeights, classes, isSpread, keep, share);
      }
      storeExactGradients(stage, g, classes);
    }
  }
}

/** The targets that are spread over the classes, the excluded one apart. */
// @ts-ignore: decorator
@inline
function addSpreadTargets(
  stage: RowStage, z: usize, q: usize, classWeights: usize, classes: i32, keep: f64, share: f64, local: usize,
): void {
  const excluded = stage.excluded;
  v128.store(local + SUMS, f64x2.splat(0));
  for (let from = 0; from < classes; from += CLASS_BLOCK) {
    const to = min(from + CLASS_BLOCK, classes);
    addTargets(local + SUMS, z, q, classWeights, from, min(max(excluded, from), to), stage.m, keep, share);
    addTargets(local + SUMS, z, q, classWeights, min(max(excluded + 1, from), to), to, stage.m, keep, share);
  }
  stage.others += load<f64>(local + SUMS);
  stage.dot += load<f64>(local + SUMS, 8);
  stage.atExcluded += targetOf(q, classWeights, excluded, keep, share);
}

/** R = Σ_{j≠e} e^(z_j − o). With `out` its terms are kept there; what that holds at e means nothing. */
function sumOfExps(z: usize, out: usize, classes: i32, stage: RowStage, local: usize): f64 {
  const k = f32x4.splat(stage.k);
  const sums = local + SUMS;
  let total: f64 = 0;
  v128.store(sums, f32x4.splat(-Infinity), 32);
  for (let from = 0; from < classes; from += CLASS_BLOCK) {
    const count = min(CLASS_BLOCK, classes - from);
    let x = at(z, from);
    if (stage.base != 0) {
      subtractBase(x, local + SHIFTED, count, stage.base);
      x = local + SHIFTED;
    }
    v128.store(sums, f64x2.splat(0));
    v128.store(sums, f64x2.splat(0), 16);
    expsWithout(stage.excluded - from, x, out ? at(out, from) : 0, count, k, sums, local);
    total += load<f64>(sums) + load<f64>(sums, 16) + (load<f64>(sums, 8) + load<f64>(sums, 24));
  }
  return total;
}

/** The largest logit that went into the sum. */
function largestOfSums(local: usize): f32 {
  return largest(local + SUMS + 32, 4);
}

/** The exponentials of a block, and their sums without class `excluded` (if it is there). */
// @ts-ignore: decorator
@inline
function expsWithout(excluded: i32, x: usize, out: usize, count: i32, k: v128, sums: usize, local: usize): void {
  const isHere = 0 <= excluded && excluded < count;
  let j = 0;
  while (j < count) {
    // Whole vectors up to the one that holds the excluded class, or up to the last.
    const stop = isHere && j <= excluded ? excluded & ~3 : count & ~3;
    if (stop > j) {
      if (out) storedExps(at(x, j), at(out, j), (stop - j) >> 2, k, sums);
      else summedExps(at(x, j), (stop - j) >> 2, k, sums);
      j = stop;
    }
    if (j < count) {
      // One vector, without the excluded lane and what lies behind the row.
      const lanes = v128.load(LANES);
      const isExcluded = i32x4.eq(lanes, i32x4.splat(excluded - j));
      const isBehind = i32x4.ge_s(lanes, i32x4.splat(count - j));
      const some = v128.bitselect(f32x4.splat(-Infinity), v128.load(at(x, j)), v128.or(isExcluded, isBehind));
      v128.store(local + LOGITS, some);
      storedExps(local + LOGITS, local + EXPS, 1, k, sums);
      if (out) {
        if (count - j >= 4) v128.store(at(out, j), v128.load(local + EXPS));
        else for (let i = j; i < count; i++) store<f32>(at(out, i), load<f32>(at(local + EXPS, i - j)));
      }
      j += 4;
    }
  }
}

const LANES: usize = memory.data<i32>([0, 1, 2, 3]);

/** e^(z_j − o) at `g` becomes u·(S·p_j − T_j), without what the label adds to T. */
// @ts-ignore: decorator
@inline
function scaleExps(
  stage: RowStage, g: usize, q: usize, classWeights: usize, classes: i32, isSpread: bool, keep: f64, share: f64,
): void {
  const second = secondFactor(stage.factor());
  const factor = stage.factor() / second;
  if (isSpread) subtractTargets(g, q, classWeights, classes, factor, second, stage.unit, keep, share);
  else scale(g, classes, factor, second);
}
