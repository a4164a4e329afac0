import type { HostValues } from "../host-values.ts";
import type { Integers } from "../integers.ts";
import type { Tensor } from "../tensor.ts";

/**
 * What a row should have been: a class index each (`labels`, host data, the shape of the batch or flat), or a
 * distribution over the classes (`probabilities`, a tensor like the logits). The two cannot be mixed up.
 */
export type Targets =
  | { readonly labels: Integers; readonly probabilities?: never }
  | { readonly probabilities: Tensor; readonly labels?: never };

/** How rows become the result: their weighted mean, their sum, or not at all. */
export type Reduction = "mean" | "sum" | "none";

/**
 * What a mean divides by: the weights of the rows that are not ignored, their number (those of host weight 0 count), the
 * number of all rows, or a number ≥ 0.
 */
export type Denominator = "weights" | "rows" | "batch" | number;

/** What every form of the loss takes. docs/loss-options.md has the formulas and which options go together. */
export interface RowLossOptions {
  /** ε: targets become (1−ε)·T + ε/C; 0 (default) to 1. */
  readonly labelSmoothing?: number;
  /** One weight ≥ 0 for each class; with labels, a row weighs what its label weighs in the mean (PyTorch's rule). */
  readonly classWeights?: HostValues;
  /** A label, or several, whose rows count for nothing: loss 0, gradient 0, not in the mean. Their logits are not read. */
  readonly ignoreIndex?: number | readonly number[];
  /**
   * r, one weight for each row, of the batch's shape or flat: host numbers, or a tensor by which the loss is then
   * differentiable. Each row loss is multiplied by it. A host weight of 0 takes its row out like `ignoreIndex`.
   */
  readonly rowWeights?: HostValues | Tensor;
  /** λ ≥ 0: adds λ·lse² to each row, lse = log Σ e^z′ (PaLM's z-loss; default 0). */
  readonly zLoss?: number;
  /**
   * τ > 0: logits are divided by it (default 1). By a scalar tensor the loss is differentiable; its value is not checked.
   */
  readonly temperature?: number | Tensor;
  /** c > 0: logits become c·tanh(z/c), after the temperature (Gemma's soft cap; none by default). −∞ stays −∞. */
  readonly softcap?: number;
  /** γ ≥ 0: a row with label y is multiplied by (1 − p_y)^γ (Lin et al. 2017; α are the class weights; default 0). */
  readonly focal?: number;
  /** ε₁ ≥ −1: adds ε₁·(1 − p_y) to −log p_y (Leng et al. 2022; default 0). */
  readonly poly?: number;
  /** The axis of the classes (default −1, the last): 1 for logits (N, C, d1, …). */
  readonly axis?: number;
}

/** What `softmaxCrossEntropy` takes. */
export interface LossOptions extends RowLossOptions {
  /** `"mean"` (default): Σ losses / denominator; `"sum"`; or `"none"`: one loss a row, of the batch's shape. */
  readonly reduction?: Reduction;
  /** What a mean divides by (default `"weights"`: Σ of the effective weights of the live rows). 0 gives mean 0. */
  readonly denominator?: Denominator;
}

/** The options of a row, by name. */
export const ROW_LOSS_OPTIONS: readonly (keyof RowLossOptions)[] = [
  "labelSmoothing",
  "classWeights",
  "ignoreIndex",
  "rowWeights",
  "zLoss",
  "temperature",
  "softcap",
  "focal",
  "poly",
  "axis",
];

/** All of them. */
export const LOSS_OPTIONS: readonly LossOptionName[] = ["reduction", "denominator", ...ROW_LOSS_OPTIONS];

/** The name of an option. */
export type LossOptionName = keyof LossOptions;
