import { ValueError } from "../errors.ts";
import type { HostValues } from "../host-values.ts";
import type { Integers } from "../integers.ts";
import type { LossOptions, Reduction } from "../loss/loss-options.ts";
import { withTemporaries } from "../ops/apply.ts";
import { logitsBehind } from "../ops/logits-behind.ts";
import { checkKeys } from "../options.ts";
import { presetLoss } from "../presets/loss-as.ts";
import { torch } from "../presets/systems.ts";
import type { Tensor } from "../tensor.ts";
import { behind, checkLogits, checkPrediction } from "./known-inputs.ts";
import { pickedLoss } from "./picked-loss.ts";
import { classIndices, type Distributions, eitherTargets } from "./read-targets.ts";

/** PyTorch's options of `nll_loss`, and its defaults. */
export interface NllLossOptions {
  /** One weight a class; a mean over class indices divides by Σ w_y. */
  readonly weight?: HostValues;
  /** The class index whose rows are skipped (default −100). */
  readonly ignoreIndex?: number;
  /** Default `"mean"`. */
  readonly reduction?: Reduction;
}

/** PyTorch's options of `cross_entropy`, and its defaults. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** ε from 0 (default) to 1. */
  readonly labelSmoothing?: number;
}

/**
 * `torch.nn.functional.cross_entropy(input, target)`: logits [C], [N, C] or [N, C, d1, …] with class indices [], [N] or
 * [N, d1, …] on the host, or with probabilities of the logits' own shape (a tensor, or nested arrays).
 *
 * ```ts
 * const loss = crossEntropy(logits, [2, 0, -100], { weight: [1, 2, 4] });
 * ```
 *
 * A mean of no rows is NaN, as there. Not as there: a skipped row may hold NaN, and its gradient is 0.
 */
export function crossEntropy(
  input: Tensor,
  target: Integers | Distributions,
  options: CrossEntropyOptions = {},
): Tensor {
  const op = "crossEntropy";
  checkKeys(op, options, ["weight", "ignoreIndex", "reduction", "labelSmoothing"]);
  checkLogits(op, "input", input, "pass what went into it");
  return withTemporaries((temporary) =>
    presetLoss(op, input, eitherTargets(op, target, input, temporary), torch, lossOptions(options)),
  );
}

/**
 * `torch.nn.functional.nll_loss(input, target)`: −input_y of log-probabilities, class axis and options as in
 * {@link crossEntropy}.
 *
 * ```ts
 * const loss = nllLoss(logSoftmax(logits, 1), [2, 0]);
 * ```
 *
 * What `logSoftmax` returned is known, and the loss starts from the logits behind it: one pass, and exact however
 * confident a row is. Other log-probabilities are taken as they are.
 */
export function nllLoss(input: Tensor, target: Integers, options: NllLossOptions = {}): Tensor {
  const op = "nllLoss";
  checkKeys(op, options, ["weight", "ignoreIndex", "reduction"]);
  checkPrediction(op, "input", input);
  if (logitsBehind(input)?.op === "softmax") {
    throw new ValueError(
      `${op}: input is the output of softmax, and this loss takes log-probabilities: pass logSoftmax(x), or x to crossEntropy`,
    );
  }
  const targets = classIndices(op, target, input, "pass what went into logSoftmax to crossEntropy");
  const source = behind(op, input, input.rank > 1 ? 1 : -1);
  if (source !== undefined) return presetLoss(op, source.logits, targets, torch, lossOptions(options));
  return pickedLoss(op, input, targets, torch, lossOptions(options));
}

function lossOptions({ weight, ignoreIndex, reduction, labelSmoothing }: CrossEntropyOptions): LossOptions {
  const named = { classWeights: weight, ignoreIndex, reduction, labelSmoothing };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}
