import type { LossOptions, Targets } from "../loss/loss-options.ts";
import { type LossProblem, lossProblem } from "../loss/loss-problem.ts";
import { upload, withTemporaries } from "../ops/apply.ts";
import { affine, log, mul, sub } from "../ops/arithmetic.ts";
import { select } from "../ops/select.ts";
import { sum } from "../ops/sum.ts";
import type { Tensor } from "../tensor.ts";
import { picked } from "./picked-loss.ts";

type Temporary = (tensor: Tensor) => Tensor;

/**
 * Losses of rows of probabilities p that nobody knows the logits of, Keras' formula without its clipping:
 *
 *   ℓ = S·log Σ_j p_j − Σ_{T_j≠0} T_j·log p_j     ∂p_j = S/Σp − T_j/p_j
 *
 * What lies beyond the resolution of p near 1 is lost before this begins.
 */
export function probabilityRows(op: string, p: Tensor, targets: Targets, options: LossOptions): Tensor {
  const problem = lossProblem(op, p, targets, options);
  return withTemporaries((temporary) =>
    problem.labels === undefined ? ofDistributions(problem, p, temporary) : ofLabels(problem, p, temporary),
  );
}

/** log Σp − log p_y, and 0 in an ignored row, whatever it holds. */
function ofLabels(problem: LossProblem, p: Tensor, temporary: Temporary): Tensor {
  const { op, axis, marks, batch } = problem;
  const own = temporary(picked(problem, p, temporary));
  const total = temporary(sum(p, axis));
  if (marks === undefined) return sub(temporary(log(total)), temporary(log(own)));
  const isLive = Float64Array.from(marks, (mark) => (mark < 0 ? 0 : 1));
  const live = temporary(upload(op, p.region, isLive, batch));
  const logOf = (x: Tensor): Tensor => temporary(log(temporary(select(live, x, 1))));
  return sub(logOf(total), logOf(own));
}

/** S·log Σp − Σ T·log p, over the classes with a target. */
function ofDistributions(problem: LossProblem, p: Tensor, temporary: Temporary): Tensor {
  const { axis, classes, smoothing, probabilities } = problem;
  const q = probabilities!;
  const t = smoothing === 0 ? q : temporary(affine(q, 1 - smoothing, smoothing / classes));
  const logs = temporary(log(temporary(select(t, p, 1))));
  const parts = temporary(select(t, temporary(mul(t, logs)), 0));
  const mass = temporary(sum(t, axis));
  const normaliser = temporary(mul(mass, temporary(log(temporary(sum(p, axis))))));
  return sub(normaliser, temporary(sum(parts, axis)));
}
