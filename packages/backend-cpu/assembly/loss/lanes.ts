// The fused loss with four rows in the four lanes of each vector, for rows too short to fill vectors by themselves.
import { ROWS_IN_LANES, STAGE_BYTES } from "../../src/kernels/block-sizes";
import { at } from "../simd";
import { EXCLUDED, EXCLUDED_CLASSES, LARGEST_OTHERS, PART_BYTES } from "./lane-part";
import { sumsOf, sumTile } from "./lane-sums";
import { addSpreadTargets } from "./lane-targets";
import { laneOf, largestClasses, largestOthers, logitOf, startTile, takeOut, wideLaneOf } from "./lane-tile";
import { addLabels, finishPlain, referPlain, startTargets, storePlainGradients, subtractLabels } from "./plain-lanes";
import { storeExactGradients, storeLossAndState } from "./row-outputs";
import { finishStages, secondFactor, stageOf } from "./row-stage";
import { fillStages, storeStagedGradients } from "./staged-lanes";
import { addTerms } from "./terms";
import { transposeIn } from "./transpose";
import { GROUP_VECTORS, inverseOf, openWindow, WINDOW_BYTES } from "./window-exp";

/** So many blocks go through each step together: then none waits for another's divisions, or for what it has just stored. */
const BATCH: i32 = 4;

/** Offsets in the local scratch, behind the window: the stages of all rows, the parts of the blocks, their tiles. */
const STAGES: usize = WINDOW_BYTES;
const PARTS: usize = STAGES + STAGE_BYTES * ROWS_IN_LANES * BATCH;
const TILES: usize = PARTS + PART_BYTES * BATCH;

/** A block is four rows, the last may have fewer. The arguments are those of `softmaxCrossEntropyRows`, and the number of rows. */
export function softmaxCrossEntropyLanes(
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
  rows: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const t = inverseOf(temperature, inverseTemperature);
  const window = openWindow(local, t);
  const stages = local + STAGES;
  const unit = scale * t;
  const bytes = (<usize>classes) << 2;
  const isSpread = probabilities != 0 || share > 0;
  // A label can stay out of the sum wherever it is; whatever else is asked for needs the likeliest class out of it.
  const needsLargest = isSpread || state != 0 || !labels;
  const groups = (classes + GROUP_VECTORS - 1) / GROUP_VECTORS;
  // Whole groups for the exponentials, whole vectors of four classes for the transposes.
  const tileBytes = (<usize>((groups * GROUP_VECTORS + 3) & ~3)) << 4;
  const tiles = local + TILES;
  const targets = tiles + tileBytes * BATCH;
  const parts = local + PARTS;
  const sums = sumsOf(parts, classes);
  const hasTarget = labels != 0 && !probabilities;
  // One target of 1 at the class that is left out.
  const isBare = hasTarget && !needsLargest && !classWeights;
  const isCrossEntropy = !state && zLoss == 0 && focal == 0 && poly == 0;
  const mayBePlain = isCrossEntropy && (!gradient || secondFactor(unit) == 1);
  const whole = rows / ROWS_IN_LANES;
  let hasFailed = false;
  for (let first = begin, blocks = 0; first < end; first += blocks) {
    // A block of fewer rows is a batch of its own.
    blocks = min(BATCH, (first < whole ? min(whole, end) : end) - first);
    const lanes = 4 * blocks;
    const firstRow = 4 * first;
    const lastRow = min(firstRow + lanes, rows) - 1;

    for (let b = 0; b < blocks; b++) {
      const tile = tiles + <usize>b * tileBytes;
      const part = parts + <usize>b * PART_BYTES;
      startTile(tile, tileBytes, part, logits, firstRow + 4 * b, lastRow, classes);
      if (needsLargest) v128.store(part + EXCLUDED_CLASSES, largestClasses(part, tile, classes));
    }
    let signs = 0;
    if (labels) {
      for (let i = 0; i < lanes; i++) {
        // Lanes without a row of their own repeat the last one.
        const label = load<i32>(at(labels, min(firstRow + i, lastRow)));
        signs |= label;
        if (!needsLargest) store<i32>(laneOf(parts + EXCLUDED_CLASSES, i), max(label, 0));
      }
    }
    if (isSpread) {
      for (let b = 0; b < blocks; b++) {
        const own = targets + <usize>b * tileBytes;
        if (probabilities) transposeIn(own, probabilities, firstRow + 4 * b, lastRow, classes);
        else memory.fill(own, 0, bytes << 2);
        const tile = tiles + <usize>b * tileBytes;
        addSpreadTargets(tile, own, classWeights, classes, keep, share, t, parts + <usize>b * PART_BYTES);
      }
    }
    for (let i = 0; i < lanes; i++) {
      const excluded = load<i32>(laneOf(parts + EXCLUDED_CLASSES, i));
      takeOut(logitOf(tiles, tileBytes, i, excluded), laneOf(parts + EXCLUDED, i));
    }
    for (let b = 0; b < blocks; b++) {
      const part = parts + <usize>b * PART_BYTES;
      v128.store(part + LARGEST_OTHERS, largestOthers(part, tiles + <usize>b * tileBytes, classes));
    }

    const isPlain = mayBePlain && !hasFailed && first < whole && signs >= 0 && referPlain(window, parts, blocks);
    const z = logits + <usize>firstRow * bytes;
    const ownLabels = at(labels, firstRow);
    if (!isPlain) {
      fillStages(
        window, stages, lanes, firstRow, lastRow, labels, classWeights, rowScale, classes, isSpread, hasTarget,
        keep, unit, tiles, tileBytes, parts,
      );
    } else if (!isBare) {
      if (!isSpread) startTargets(parts, blocks);
      if (hasTarget) addLabels(window, parts, lanes, z, ownLabels, classWeights, classes, keep);
    }
    for (let b = 0; b < blocks; b++) {
      const tile = tiles + <usize>b * tileBytes;
      sumTile(window, tile, parts + <usize>b * PART_BYTES, classes, groups, gradient != 0);
    }
    if (isPlain) {
      const losses = rowLoss ? at(rowLoss, firstRow) : 0;
      const ownScale = rowScale ? at(rowScale, firstRow) : 0;
      hasFailed = !finishPlain(losses, gradient != 0, isBare, ownScale, unit, parts, sums, 2 * blocks);
      // Then once more, by stages.
      if (hasFailed) blocks = 0;
      if (hasFailed || !gradient) continue;
      const g = gradient + <usize>firstRow * bytes;
      storePlainGradients(g, tiles, isSpread ? targets : 0, tileBytes, parts, blocks, classes);
      if (hasTarget && isSpread) subtractLabels(g, parts, lanes, ownLabels, classWeights, ownScale, classes, keep, unit);
      continue;
    }
    hasFailed = false;
    for (let i = 0; i < lanes; i++) stageOf(stages, i).R = load<f64>(wideLaneOf(sums, i));
    finishStages(stages, lanes);
    addTerms(window, stages, lanes, zLoss, focal, poly, classWeights);

    for (let row = firstRow; row <= lastRow; row++) {
      storeLossAndState(stageOf(stages, row - firstRow), rowLoss, state, row, logits + <usize>row * bytes, classes);
    }
    if (!gradient) continue;
    for (let b = 0; b < blocks; b++) {
      const tile = tiles + <usize>b * tileBytes;
      const own = isSpread ? targets + <usize>b * tileBytes : 0;
      const part = parts + <usize>b * PART_BYTES;
      const four = changetype<usize>(stageOf(stages, 4 * b));
      storeStagedGradients(gradient, tile, own, four, part, firstRow + 4 * b, lastRow, classes);
    }
    for (let row = firstRow; row <= lastRow; row++) {
      storeExactGradients(stageOf(stages, row - firstRow), gradient + <usize>row * bytes, 0, classes);
    }
  }
}
