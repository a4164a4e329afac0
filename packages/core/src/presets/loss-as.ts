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
 * Softmax cross-entropy as another system gives it: {@link softmaxCrossEntropy} by a preset's defaults, which options
 * replace, and by its rules for labels out of range, for the mean of no weight and for the gradient by logits of soft rows.
 *
 * ```ts
 * const loss = lossAs(logits, { labels: [2, -100] }, torch, { classWeights: [1, 2, 4] });
 * ```
 *
 * @param logits [..., classes], or with the classes on another axis (`axis`, or the preset's second)
 * @returns a scalar, or where the reduction is `"none"` (the default of some systems) one loss a row, of the batch's shape
 * @throws as `softmaxCrossEntropy`, before any kernel runs; also ValueError or OptionError for what is no preset, and
 * OptionError for class weights or further terms where the gradient of soft rows is the preset's own, p − q
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
  const hasLabels = targets?.labels !== undefined;
  const {
    reduction = preset.reduction,
    denominator = reduction === "mean" ? preset.denominator : undefined,
    axis = preset.classAxis === "second" && logits.rank > 1 ? 1 : -1,
    ignoreIndex = preset.ignoreIndex,
  } = options;
  // The preset's own value says nothing beside probabilities.
  const marks = hasLabels || ignoreIndex !== preset.ignoreIndex ? ignoreIndex : undefined;
  const settled = { ...options, reduction, denominator, axis, ignoreIndex: marks };
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
