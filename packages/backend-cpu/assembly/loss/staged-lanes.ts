// Four rows in the lanes whose numbers are fields of their stages: with further terms or their state, or unlike most rows.
import { at } from "../simd";
import {
  AT_EXCLUDED,
  DOTS,
  EXCLUDED,
  EXCLUDED_CLASSES,
  FACTORS,
  K,
  LARGEST_OTHERS,
  OTHERS,
  PART_BYTES,
  UNITS,
} from "./lane-part";
import { targetAtLabel } from "./lane-targets";
import { laneOf, logitOf, wideLaneOf } from "./lane-tile";
import { exactReference } from "./reference";
import { RowStage, secondFactor, stageOf } from "./row-stage";
import { transposeOut } from "./transpose";
import { Window } from "./window-exp";

/** Fills the stages of a batch from its parts, and takes the base of a row, if it has one, off its logits in the tile. */
export function fillStages(
  window: Window,
  stages: usize,
  lanes: i32,
  firstRow: i32,
  lastRow: i32,
  labels: usize,
  classWeights: usize,
  rowScale: usize,
  classes: i32,
  isSpread: bool,
  hasTarget: bool,
  keep: f64,
  unit: f64,
  tiles: usize,
  tileBytes: usize,
  parts: usize,
): void {
  for (let i = 0; i < lanes; i++) {
    // Lanes without a row of their own repeat the last one.
    const row = min(firstRow + i, lastRow);
    const stage = stageOf(stages, i);
    const label = labels ? load<i32>(at(labels, row)) : -1;
    stage.start(labels != 0, label, rowScale ? unit * load<f32>(at(rowScale, row)) : unit);
    if (isSpread) {
      stage.others = load<f64>(wideLaneOf(parts + OTHERS, i));
      stage.atExcluded = load<f64>(wideLaneOf(parts + AT_EXCLUDED, i));
      stage.dot = load<f64>(wideLaneOf(parts + DOTS, i));
    }
    stage.exclude(load<i32>(laneOf(parts + EXCLUDED_CLASSES, i)), load<f32>(laneOf(parts + EXCLUDED, i)));
    const largestOther = load<f32>(laneOf(parts + LARGEST_OTHERS, i));
    stage.setLargest(largestOther);
    stage.referHere(window, stage.isLive ? exactReference(largestOther, stage.m) : 0);
    store<f32>(laneOf(parts + K, i), stage.k);
    if (!stage.isLive) continue;
    if (hasTarget) {
      const amount = targetAtLabel(label, classWeights, keep);
      stage.addLabel(window, amount, load<f32>(logitOf(tiles, tileBytes, i, label)));
    }
    if (window.isShifted(stage.base)) {
      const lane = logitOf(tiles, tileBytes, i, 0);
      window.subtractBase(lane, lane, 16, classes, stage.base);
    }
  }
}

/** Stores the gradients of four rows, but for what is exact at single classes: e^(z_j − o) becomes u·(S·p_j − T_j). */
export function storeStagedGradients(
  gradient: usize,
  tile: usize,
  targets: usize,
  stages: usize,
  part: usize,
  row: i32,
  lastRow: i32,
  classes: i32,
): void {
  for (let lane = 0; lane < 4; lane++) {
    const stage = stageOf(stages, lane);
    let factor = stage.factor();
    let unit = stage.targetFactor();
    if ((secondFactor(factor) != 1 && factor != 0) || (secondFactor(unit) != 1 && unit != 0)) {
      // The factors may be no normal float32, although their products may. The other rows keep their bits.
      for (let i = lane; i < 4 * classes; i += 4) {
        let T: f64 = 0;
        if (targets) {
          T = load<f32>(at(targets, i));
          store<f32>(at(targets, i), 0);
        }
        store<f32>(at(tile, i), <f32>(<f64>load<f32>(at(tile, i)) * factor - T * unit));
      }
      factor = 1;
      unit = 0;
    }
    store<f32>(at(part + FACTORS, lane), <f32>factor);
    store<f32>(at(part + UNITS, lane), <f32>unit);
  }
  transposeOut(tile, v128.load(part + FACTORS), targets, v128.load(part + UNITS), gradient, row, lastRow, classes);
}
