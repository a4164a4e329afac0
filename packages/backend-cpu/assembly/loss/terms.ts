// The further terms of a row's loss: z-loss, focal and poly. They are numbers of the row, so the classes do not know of them.
import { exponentialOf, logOnePlus, powerOfShare } from "../logarithm";
import { at } from "../simd";
import { RowStage, stageOf } from "./row-stage";
import { Window } from "./window-exp";

/** So far below o, z_e has no part in R + E. */
const FAR: f64 = 700;

/** Adds the terms to `count` finished stages. Where focal or poly is asked for there are labels. */
export function addTerms(
  window: Window,
  stages: usize,
  count: i32,
  zLoss: f64,
  focal: f64,
  poly: f64,
  classWeights: usize,
): void {
  if (zLoss == 0 && focal == 0 && poly == 0) return;
  for (let i = 0; i < count; i++) {
    const stage = stageOf(stages, i);
    if (stage.isLive) addTermsOf(window, stage, zLoss, focal, poly, classWeights);
  }
}

function addTermsOf(window: Window, stage: RowStage, zLoss: f64, focal: f64, poly: f64, classWeights: usize): void {
  let added: f64 = 0;
  if (focal != 0 || poly != 0) {
    const w: f64 = classWeights ? load<f32>(at(classWeights, stage.label)) : 1;
    const nu = stage.labelBelow + stage.logRatio; // −log p_y
    const p = exponentialOf(-nu);
    const r = stage.label == stage.excluded ? stage.R / (stage.R + stage.E) : 1 - p; // 1 − p_y
    const power = focal == 0 ? 1 : powerOfShare(r, focal);
    const straight = 1 + poly - poly * r;
    stage.lossFactor = power;
    added = power * poly * w * r;
    // Where the label is masked, p·ν is 0·∞.
    stage.weight = nu == Infinity ? straight : power * (straight + focal * p * ((r > 0 ? nu / r : 1) + poly));
  }
  if (zLoss != 0) {
    // Where z_e lies far below the others, z_e + (lse − z_e) would cancel, or be −∞ + ∞.
    const lse = stage.d > FAR ? logOfR(window, stage) : stage.top + stage.logRatio;
    added += zLoss * lse * lse;
    stage.pull = 2 * zLoss * lse;
  }
  stage.lossAdded = added;
}

/** o + log R, where R is all there is. It is some 2^8 or more, since o lies as far below one of the others. */
// @ts-ignore: decorator
@inline
function logOfR(window: Window, stage: RowStage): f64 {
  return logOnePlus(stage.R - 1) + window.referenceMinus(0, stage.base, stage.k);
}
