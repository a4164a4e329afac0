// What few ask for of a row: diagnostics (rank of the label, entropy, margin) and ∂loss/∂τ.
import { STAGE_BYTES } from "../../src/kernels/block-sizes";
import { logOnePlus } from "../logarithm";
import { at } from "../simd";
import { addClasses, Depth } from "./depth";
import { firstIndexOf, largest, largestWithout } from "./largest";
import { finishStages, RowStage, stageOf } from "./row-stage";
import { targetOf } from "./targets";
import { addTerms } from "./terms";
import { inverseOf, openWindow } from "./window-exp";

/** Offsets in the local scratch, behind the depth: two sums, the row's stage, and a window, of which the terms know. */
const SUMS: usize = 112;
const STAGE: usize = SUMS + 16;
const WINDOW: usize = STAGE + 2 * STAGE_BYTES;

/**
 * Block: a row. Of its diagnostics y is the label or, with probabilities, the likeliest class. Its slope is
 * F·(S·Σ p_j·w_j − Σ T_j·w_j) + 2λ·lse·(Σ p_j·w_j + v) over the classes but the likeliest. (−1, 0, 0) and 0 for an ignored row,
 * NaN for one that is not finite.
 */
export function lossDetails(
  diagnostics: usize,
  slopes: usize,
  logits: usize,
  labels: usize,
  probabilities: usize,
  classWeights: usize,
  temperature: usize,
  classes: i32,
  keep: f64,
  share: f64,
  t: f64,
  zLoss: f64,
  focal: f64,
  poly: f64,
  softcap: f64,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const depth = changetype<Depth>(local);
  depth.open(inverseOf(temperature, t), softcap);
  const stage = stageOf(local + STAGE, 0);
  const window = openWindow(local + WINDOW, 1);
  for (let row = begin; row < end; row++) {
    const first = (<usize>row * <usize>classes) << 2;
    const z = logits + first;
    const q = probabilities ? probabilities + first : 0;
    stage.start(labels != 0, labels ? load<i32>(at(labels, row)) : -1, 1);
    if (stage.isIgnored) {
      if (diagnostics) put(diagnostics, row, -1, 0, 0);
      if (slopes) store<f32>(at(slopes, row), 0);
      continue;
    }
    const top = largest(z, classes);
    const k = firstIndexOf(top, z, classes);
    depth.start(top);
    stage.exclude(k, top);
    stage.setLargest(top);

    if (diagnostics) {
      const heat = sumOthers(stage, depth, z, classes, false, local);
      const entropy = logOnePlus(stage.R) + heat / (1 + stage.R);
      const y = q ? firstIndexOf(largest(q, classes), q, classes) : stage.label;
      const own = load<f32>(at(z, y));
      // The nearest other class is the largest other logit.
      const both = f64x2.replace_lane(f64x2.splat(<f64>largestWithout(y, z, classes)), 1, <f64>own);
      const below = depth.of(both);
      const margin = classes == 1 ? Infinity : f64x2.extract_lane(below, 0) - f64x2.extract_lane(below, 1);
      if (!stage.isLive || stage.R != stage.R) put(diagnostics, row, NaN, NaN, NaN);
      else put(diagnostics, row, <f32>rankOf(z, classes, y, own), <f32>entropy, <f32>margin);
    }
    if (!slopes) continue;

    const drift = sumOthers(stage, depth, z, classes, true, local);
    stage.top = depth.scaledTop;
    stage.d = 0;
    let pulledDrift: f64 = 0;
    for (let j = 0; (q != 0 || share > 0) && j < classes; j++) {
      const T = targetOf(q, classWeights, j, keep, share);
      if (j == k) stage.atExcluded += T;
      else {
        stage.others += T;
        if (T != 0) pulledDrift += T * driftOf(depth, load<f32>(at(z, j)));
      }
    }
    if (labels && !probabilities) {
      const zLabel = load<f32>(at(z, stage.label));
      const amount = keep * (classWeights ? <f64>load<f32>(at(classWeights, stage.label)) : 1);
      stage.addLabelBelow(amount, stage.label == k ? 0 : f64x2.extract_lane(depth.of(f64x2.splat(zLabel)), 0));
      if (stage.label != k && amount != 0) pulledDrift += amount * driftOf(depth, zLabel);
    }

    finishStages(local + STAGE, 1);
    addTerms(window, local + STAGE, 1, zLoss, focal, poly, classWeights);
    const mean = drift / (1 + stage.R);
    let slope = stage.weight * (stage.total() * mean - pulledDrift);
    if (stage.pull != 0) slope += stage.pull * (mean + depth.topDrift);
    store<f32>(at(slopes, row), stage.isLive ? <f32>slope : NaN);
  }
}

/** R = Σ_{j≠k} e^−depth, and the sum of these times the depth or, with `drifts`, the drift. */
function sumOthers(stage: RowStage, depth: Depth, z: usize, classes: i32, drifts: bool, local: usize): f64 {
  v128.store(local + SUMS, f64x2.splat(0));
  addClasses(local + SUMS, depth, z, 0, stage.excluded, drifts);
  addClasses(local + SUMS, depth, z, stage.excluded + 1, classes, drifts);
  stage.R = load<f64>(local + SUMS);
  return load<f64>(local + SUMS, 8);
}

/** How many logits come before that of class y: the larger ones, and the equal ones before it. */
function rankOf(z: usize, classes: i32, y: i32, own: f32): i32 {
  let rank = 0;
  for (let j = 0; j < classes; j++) {
    const x = load<f32>(at(z, j));
    if (x > own || (x == own && j < y)) rank++;
  }
  return rank;
}

// @ts-ignore: decorator
@inline
function put(to: usize, row: i32, a: f32, b: f32, c: f32): void {
  const address = at(to, 3 * row);
  store<f32>(address, a);
  store<f32>(address, b, 4);
  store<f32>(address, c, 8);
}

// @ts-ignore: decorator
@inline
function driftOf(depth: Depth, z: f32): f64 {
  return f64x2.extract_lane(depth.drift(f64x2.splat(z)), 0);
}
