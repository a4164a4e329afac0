import type { LossOptions, Targets } from "../loss/loss-options.ts";
import { type LossProblem, lossProblem } from "../loss/loss-problem.ts";
import { reducedRows } from "../loss/weighted-rows.ts";
import { upload, withTemporaries } from "../ops/apply.ts";
import { mul, neg } from "../ops/arithmetic.ts";
import { equal } from "../ops/compare.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { sum } from "../ops/sum.ts";
import { presetOptions, presetTargets, withEmptyMean } from "../presets/loss-as.ts";
import type { Preset } from "../presets/preset.ts";
import type { Tensor } from "../tensor.ts";

type Temporary = (tensor: Tensor) => Tensor;

/** −Σ w_y·x_y reduced as a preset says, for log-probabilities x whose logits nobody knows. ∂x_y = −w_y, 0 elsewhere. */
export function pickedLoss(op: string, x: Tensor, targets: Targets, preset: Preset, options: LossOptions): Tensor {
  const settled = presetOptions(preset, x, targets, options);
  const problem = lossProblem(op, x, presetTargets(op, preset, x, targets, settled), settled);
  return withTemporaries((temporary) => {
    const losses = neg(temporary(picked(problem, x, temporary)));
    return withEmptyMean(reducedRows(problem, weighted(problem, losses, temporary)), problem, preset);
  });
}

/** x_y of each row, of the batch's shape, and 0 where the row is ignored. */
export function picked(problem: LossProblem, x: Tensor, temporary: Temporary): Tensor {
  return sum(temporary(select(temporary(labelMask(problem, x, temporary)), x, 0)), problem.axis);
}

/** 1 at the label of each row, 0 elsewhere: nowhere 1 in an ignored row. */
function labelMask({ op, labels, axis, classes }: LossProblem, x: Tensor, temporary: Temporary): Tensor {
  const alongClasses = x.shape.map((size, i) => (i === axis ? size : 1));
  const alongRows = x.shape.map((size, i) => (i === axis ? 1 : size));
  const positions = Float64Array.from({ length: classes }, (_, j) => j);
  const own = temporary(upload(op, x.region, positions, alongClasses));
  return equal(own, temporary(upload(op, x.region, labels!, alongRows)));
}

/** w_y·rows, where weight 0 gives 0 whatever the row is. Frees `rows`, or returns them. */
function weighted({ op, labels, classWeights, batch }: LossProblem, rows: Tensor, temporary: Temporary): Tensor {
  if (classWeights === undefined) return rows;
  temporary(rows);
  const weights = Float64Array.from(labels!, (y) => (y < 0 ? 0 : classWeights[y]!));
  const w = temporary(reshape(temporary(upload(op, rows.region, weights, [weights.length])), batch));
  return select(w, temporary(mul(rows, w)), 0);
}
