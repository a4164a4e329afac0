import { LOSS_OPTIONS, type LossOptions, type Targets } from "../loss/loss-options.ts";
import { lossProblem } from "../loss/loss-problem.ts";
import { fusedLoss } from "../loss/softmax-cross-entropy.ts";
import { runtimeOf, withTemporaries } from "../ops/apply.ts";
import { affine } from "../ops/arithmetic.ts";
import { checkKeys } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { checkPreset, type Preset } from "./preset.ts";
import { unitSumLoss } from "./unit-sum-loss.ts";
import { wrappedLabels } from "./wrapped-labels.ts";

/**
 * Softmax cross-entropy as another system gives it: {@link softmaxCrossEntropy} under a preset's defaults and rules.
 *
 * ```ts
 * const loss = lossAs(logits, { labels: [2, -100] }, torch, { classWeights: [1, 2, 4] });
 * ```
 *
 * @returns a scalar, or where the reduction is `"none"` (the default of some systems) one loss a row
 * @throws what `softmaxCrossEntropy` throws, before any kernel runs
 */
export function lossAs(logits: Tensor, targets: Targets, preset: Preset, options: LossOptions = {}): Tensor {
  return presetLoss("lossAs", logits, targets, preset, options);
}

/** {@link lossAs} under the name that errors are to give. */
export function presetLoss(
  op: string,
  logits: Tensor,
  targets: Targets,
  preset: Preset,
  options: LossOptions = {},
): Tensor {
  runtimeOf(op, [logits]);
  checkPreset(op, preset);
  checkKeys(op, options, LOSS_OPTIONS);
  const settled = presetOptions(preset, logits, targets, options);
  const problem = lossProblem(op, logits, presetTargets(op, preset, logits, targets, settled), settled);
  const hasLabels = problem.labels !== undefined;
  const isExact = hasLabels || preset.softGradient === "exact";
  const loss = isExact ? fusedLoss(problem, logits) : unitSumLoss(problem, logits);
  return withEmptyMean(loss, problem, preset);
}

/** The mean of no weight: the preset's, with the gradient 0 that it has. */
export function withEmptyMean(
  loss: Tensor,
  { weight }: { readonly weight: number | undefined },
  preset: Preset,
): Tensor {
  if (weight !== 0 || preset.emptyMean === 0) return loss;
  return withTemporaries((temporary) => affine(temporary(loss), 1, preset.emptyMean));
}

/** The options of a loss with a preset's defaults in them. */
export function presetOptions(preset: Preset, logits: Tensor, targets: Targets, options: LossOptions): LossOptions {
  const {
    reduction = preset.reduction,
    denominator = reduction === "mean" ? preset.denominator : undefined,
    axis = preset.classAxis === "second" && logits.rank > 1 ? 1 : -1,
    ignoreIndex = targets?.labels === undefined ? undefined : preset.ignoreIndex,
  } = options;
  const settled = { ...options, reduction, denominator, axis, ignoreIndex };
  return Object.fromEntries(Object.entries(settled).filter(([, value]) => value !== undefined));
}

/** Targets with their labels in 0 … C − 1, where the preset says what else they may be. */
export function presetTargets(
  op: string,
  preset: Preset,
  logits: Tensor,
  targets: Targets,
  { axis, ignoreIndex }: LossOptions,
): Targets {
  if (preset.labelsOutOfRange === "error" || targets?.labels === undefined) return targets;
  const classes = logits.shape.at(axis!) ?? 0;
  return { ...targets, labels: wrappedLabels(op, targets.labels, classes, ignoreIndex) } as Targets;
}
