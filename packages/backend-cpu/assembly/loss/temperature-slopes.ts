// ∂loss/∂τ of each row.
import { STAGE_BYTES } from "../../src/kernels/block-sizes";
import { at } from "../simd";
import { Depth, sumWithout } from "./depth";
import { firstIndexOf, largest } from "./largest";
import { finishStages, stageOf } from "./row-stage";
import { targetOf } from "./targets";
import { addTerms } from "./terms";
import { inverseOf, openWindow } from "./window-exp";

/** Offsets in the local scratch, behind the depth: two sums, the row's stage, and a window, of which the terms know. */
const SUMS: usize = 112;
const STAGE: usize = SUMS + 16;
const WINDOW: usize = STAGE + 2 * STAGE_BYTES;

/**
 * Block: a row. F·(S·Σ p_j·w_j − Σ T_j·w_j) + 2λ·lse·(Σ p_j·w_j + v) over the classes but the likeliest; 0 for an ignored row, NaN
 * for one that is not finite.
 */
export function lossTemperatureSlopes(
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
  softcap: f64,
  zLoss: f64,
  focal: f64,
  poly: f64,
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
      store<f32>(at(slopes, row), 0);
      continue;
    }
    const top = largest(z, classes);
    const k = firstIndexOf(top, z, classes);
    depth.start(top);
    sumWithout(k, local + SUMS, depth, z, classes, true);
    stage.exclude(k, top);
    stage.setLargest(top);
    stage.top = depth.scaledTop;
    stage.R = load<f64>(local + SUMS);
    stage.d = 0;

    let pulledDrift: f64 = 0;
    for (let j = 0; (probabilities != 0 || share > 0) && j < classes; j++) {
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
    const mean = load<f64>(local + SUMS, 8) / (1 + stage.R);
    let slope = stage.weight * (stage.total() * mean - pulledDrift);
    if (stage.pull != 0) slope += stage.pull * (mean + depth.topDrift);
    store<f32>(at(slopes, row), stage.isLive ? <f32>slope : NaN);
  }
}

// @ts-ignore: decorator
@inline
function driftOf(depth: Depth, z: f32): f64 {
  return f64x2.extract_lane(depth.drift(f64x2.splat(z)), 0);
}
