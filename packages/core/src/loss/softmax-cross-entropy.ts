/**
 * The loss, as two ops of one kernel. With p = softmax(z), effective targets T and S = Σ_j T_j (docs/semantics.md
 * §2):
 *
 *   ℓ = Σ_{T_j≠0} T_j·(m − z_j) + S·log1p(s')     ∂ℓ/∂z_j = u·(S·p_j − T_j)     ∂ℓ/∂T_j = −u·log p_j
 *
 * The gradient is an op of its own, so that a second derivative starts from the exact first one.
 */
import { OptionError, ShapeError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { runtimeOf, withTemporaries } from "../ops/apply.ts";
import { type Recording, recordingsOf } from "../recording.ts";
import { sameShape, show } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { classesBack } from "./class-axis.ts";
import { finishedLoss } from "./finished-loss.ts";
import { onDevice } from "./loss-on-device.ts";
import { LOSS_OPTIONS, type LossOptions, type Targets } from "./loss-options.ts";
import { type LossProblem, lossProblem, withOwnLabels } from "./loss-problem.ts";
import { type PlacedLoss, placedLoss, regionOfLoss } from "./placed-loss.ts";
import { isNative, rowGradient, rowLosses } from "./row-losses.ts";
import { warnOfSoftmaxOutput } from "./softmax-output-warning.ts";
import { lossOfRows, rowUpstream } from "./weighted-rows.ts";

/**
 * Softmax cross-entropy between logits [..., classes] and targets, exactly: in float32 a loss of 4e-22 is 4e-22, not 0.
 *
 * ```ts
 * const loss = softmaxCrossEntropy(logits, { labels: [2, 0, 1] });                 // mean over the rows
 * const rows = softmaxCrossEntropy(logits, { probabilities }, { reduction: "none" });
 * const more = softmaxCrossEntropy(logits, { labels }, { zLoss: 1e-4, softcap: 30, rowWeights });
 * ```
 *
 * Differentiable, to any order, with respect to logits, probabilities, and a temperature or row weights on the device. A
 * single example is logits [classes] with one label. An empty batch, or one whose rows are all ignored, has mean 0.
 * docs/loss-options.md has the formula of every option, and which go together.
 *
 * @returns a scalar, or with `reduction: "none"` one loss for each row, of the batch's shape
 * @throws LabelError, ShapeError, OptionError, ValueError before any kernel runs
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Targets, options: LossOptions = {}): Tensor {
  return fusedLoss(lossProblem("softmaxCrossEntropy", logits, targets, options), logits);
}

/** The loss of a checked problem. */
export function fusedLoss(problem: LossProblem, logits: Tensor): Tensor {
  warnOfSoftmaxOutput(problem.op, logits, problem.axis);
  return withTemporaries((temporary) => {
    const placed = placedLoss(problem, logits, temporary);
    if (finishesLogitGradient(placed)) return finishedLoss(placed, temporary);
    return lossOfRows(problem, rowLosses(placed.problem, placed.at));
  });
}

export interface LossGradientOptions extends LossOptions {
  /**
   * The gradient of what follows: a number or scalar tensor for `"mean"` and `"sum"`, one of the batch's shape for
   * `"none"`. 1 if absent.
   */
  readonly upstream?: Tensor | number;
}

const LOSS_GRADIENT_OPTIONS = [...LOSS_OPTIONS, "upstream"];

/**
 * The gradient of {@link softmaxCrossEntropy} with respect to the logits, u·(S·p − T) where no further term is asked for,
 * in one pass and without the loss. Itself differentiable, with respect to logits, probabilities, `upstream`, and a
 * temperature or row weights on the device: its derivative is the exact Hessian-vector product.
 *
 * @returns a tensor of the logits' shape
 */
export function softmaxCrossEntropyGradient(
  logits: Tensor,
  targets: Targets,
  options: LossGradientOptions = {},
): Tensor {
  const op = "softmaxCrossEntropyGradient";
  const problem = withOwnLabels(lossProblem(op, logits, targets, options, LOSS_GRADIENT_OPTIONS));
  const upstream = checkedUpstream(problem, logits, options.upstream);
  return withTemporaries((temporary) => {
    const placed = placedLoss(problem, logits, temporary);
    const region = regionOfLoss(placed);
    const loss = onDevice(placed.problem, region, temporary);
    const { u, scale } = rowUpstream(problem, region, upstream, temporary);
    const gradient = rowGradient(loss, { ...placed.at, state: undefined }, u, scale);
    return placed.problem.axis === problem.axis ? gradient : classesBack(temporary(gradient), problem.axis);
  });
}

function checkedUpstream(
  { op, reduction, batch }: LossProblem,
  logits: Tensor,
  upstream: unknown = 1,
): Tensor | number {
  if (typeof upstream === "number") return upstream;
  if (!(upstream instanceof Tensor)) {
    throw new OptionError(`${op}: upstream is a number or a tensor, not ${nameOf(upstream)}`);
  }
  runtimeOf(op, [logits, upstream]);
  const expected = reduction === "none" ? batch : [];
  if (sameShape(upstream.shape, expected)) return upstream;
  throw new ShapeError(
    `${op}: upstream ${show(upstream.shape)} must be ${show(expected)} for reduction "${reduction}"`,
  );
}

/** Whether the forward pass may hand out the finished gradient: a scalar loss that is differentiated exactly once. */
function finishesLogitGradient({ problem, at, inputs }: PlacedLoss): boolean {
  const { z, temperature } = at;
  if (problem.reduction === "none" || problem.rowWeights.device !== undefined || !isNative(problem, z)) return false;
  const recordings: readonly Recording[] = recordingsOf(inputs);
  const [only] = recordings;
  return (
    recordings.length === 1 &&
    !only!.persistent &&
    (z.tapes.includes(only!) || temperature?.tapes.includes(only!) === true)
  );
}
