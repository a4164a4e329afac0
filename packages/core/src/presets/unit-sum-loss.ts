import { OptionError } from "../errors.ts";
import { classesBack } from "../loss/class-axis.ts";
import { liveMask } from "../loss/loss-on-device.ts";
import type { LossProblem } from "../loss/loss-problem.ts";
import { fusedLoss, softmaxCrossEntropyGradient } from "../loss/softmax-cross-entropy.ts";
import { lossOfRows } from "../loss/weighted-rows.ts";
import { composed, withTemporaries } from "../ops/apply.ts";
import { add, affine, mul } from "../ops/arithmetic.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import { sum } from "../ops/sum.ts";
import { recordingsOf, scaled } from "../recording.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The loss of probabilities with the gradient of systems that take every row's sum S for 1:
 *
 *   ∂ℓ/∂z = u·(p − T) = u·(S·p − T) + u·(1 − S)·p
 *
 * In the second form, rows that do sum to 1 keep the exact gradient, however confident. ∂ℓ/∂T is −u·log p.
 */
export function unitSumLoss(problem: LossProblem, logits: Tensor): Tensor {
  const { op, probabilities, terms, temperature, classWeights } = problem;
  const other = terms !== undefined || temperature !== undefined ? "a further term" : "classWeights";
  if (other === "a further term" || classWeights !== undefined) {
    throw new OptionError(
      `${op}: the preset's gradient for probabilities is p - q, and ${other} has none such; set softGradient to "exact"`,
    );
  }
  if (recordingsOf([logits, probabilities!]).length === 0) return fusedLoss(problem, logits);
  return withTemporaries((temporary) => {
    const live = liveMask(problem, logits.region);
    const mask = live && temporary(classesBack(temporary(live), problem.axis));
    const read = (x: Tensor): Tensor => (mask ? temporary(select(mask, x, 0)) : x);
    return lossOfRows(problem, unitSumRows(problem, read(logits), read(probabilities!)));
  });
}

function unitSumRows(problem: LossProblem, logits: Tensor, probabilities: Tensor): Tensor {
  const { op, axis, smoothing } = problem;
  const unweighted = { rowWeights: { host: undefined, device: undefined }, marks: undefined };
  const bare = { ...problem, ...unweighted, reduction: "none" } as const;
  return composed(
    op,
    [logits, probabilities],
    (z, q) => fusedLoss({ ...bare, probabilities: q! }, z!),
    (g, [z, q]) => {
      const u = reshape(
        g,
        z!.shape.map((size, i) => (i === axis ? 1 : size)),
      );
      return [
        () => {
          const options = { labelSmoothing: smoothing, axis, reduction: "none", upstream: g } as const;
          const exact = softmaxCrossEntropyGradient(z!, { probabilities: q! }, options);
          const missing = affine(sum(q!, axis, { keepDims: true }), smoothing - 1, 1 - smoothing);
          return add(exact, mul(mul(u, missing), softmax(z!, axis)));
        },
        () => scaled(mul(u, logSoftmax(z!, axis)), smoothing - 1),
      ];
    },
  );
}
