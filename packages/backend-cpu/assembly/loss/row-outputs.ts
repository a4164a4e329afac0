import { at } from "../simd";
import { anyNaN, firstIndexOf } from "./largest";
import { RowStage } from "./row-stage";

/** Stores the loss and the state of a row, where they are asked for. `z` is the row of logits, not yet overwritten if the row is not live. */
export function storeLossAndState(
  stage: RowStage,
  rowLoss: usize,
  state: usize,
  row: i32,
  z: usize,
  classes: i32,
): void {
  if (rowLoss) store<f32>(at(rowLoss, row), stage.isLive ? <f32>stage.loss() : deadValue(stage));
  if (!state) return;
  if (stage.isLive) {
    if (stage.R == stage.R) storeState(state, row, <f32>stage.top, stage.excluded, stage.R / stage.E);
    else storeState(state, row, NaN, -1, NaN);
  } else if (stage.isIgnored) storeState(state, row, -Infinity, -1, 0);
  else if (anyNaN(z, classes)) storeState(state, row, NaN, -1, NaN);
  else if (stage.m > 0) storeState(state, row, stage.m, firstIndexOf(stage.m, z, classes), NaN);
  else storeState(state, row, -Infinity, -1, 0);
}

/** Loss and gradient of a row that is not live: 0 if it is ignored, NaN if it has no finite largest logit. */
// @ts-ignore: decorator
@inline
export function deadValue(stage: RowStage): f32 {
  return stage.isIgnored ? 0 : NaN;
}

/**
 * The gradient of classes from ≤ j < to of a row, from what was written for all of them alike: exact at the class that was left
 * out of the sum, and with the label's own target.
 */
export function storeExactGradients(stage: RowStage, g: usize, from: i32, to: i32): void {
  if (!stage.isLive) {
    const value = deadValue(stage);
    for (let j = from; j < to; j++) store<f32>(at(g, j), value);
    return;
  }
  if (from <= stage.excluded && stage.excluded < to) {
    store<f32>(at(g, stage.excluded), <f32>stage.gradientAtExcluded());
  }
  if (from <= stage.label && stage.label < to && stage.label != stage.excluded) {
    const label = at(g, stage.label);
    store<f32>(label, <f32>(<f64>load<f32>(label) + stage.gradientOfLabel()));
  }
}

// @ts-ignore: decorator
@inline
function storeState(state: usize, row: i32, m: f32, k: i32, rest: f64): void {
  const to = at(state, 3 * row);
  store<f32>(to, m + 0); // 0 has one sign, whichever of two came first
  store<f32>(to, <f32>k, 4);
  store<f32>(to, <f32>rest, 8);
}
