import { ValueError } from "../errors.ts";
import { hostTensor, isBigIntArray, isNumberArray } from "../host-values.ts";
import type { Integers } from "../integers.ts";
import type { LossOptions, Targets } from "../loss/loss-options.ts";
import { withTemporaries } from "../ops/apply.ts";
import { logitsBehind } from "../ops/logits-behind.ts";
import { checkKeys } from "../options.ts";
import { presetLoss } from "../presets/loss-as.ts";
import { keras } from "../presets/systems.ts";
import { Tensor } from "../tensor.ts";
import { behind, checkLogits, checkPrediction } from "./known-inputs.ts";
import { probabilityRows } from "./probability-rows.ts";
import { classIndices, type Distributions, distributions } from "./read-targets.ts";

interface KerasOptions {
  /** Whether `yPred` is logits, and not probabilities (default false). */
  readonly fromLogits?: boolean;
  /** The axis of the classes (default −1). */
  readonly axis?: number;
}

/** Keras' options of `categorical_crossentropy`, and its defaults. */
export interface CategoricalCrossentropyOptions extends KerasOptions {
  /** ε from 0 (default) to 1. */
  readonly labelSmoothing?: number;
}

/** Keras' options of `sparse_categorical_crossentropy`, and its defaults. */
export interface SparseCategoricalCrossentropyOptions extends KerasOptions {
  /** The class index whose rows have loss 0 (none by default). */
  readonly ignoreClass?: number;
}

/**
 * `keras.losses.categorical_crossentropy(y_true, y_pred)`: one loss a row, of distributions on host or device.
 *
 * Without `fromLogits` the prediction is probabilities. What `softmax` returned is known, and the loss starts from the
 * logits behind it, exactly. Of other probabilities p it is −Σ_j T_j·log(p_j/Σp): what float32 rounded to 1 has loss 0.
 * Nothing is clipped: a label of probability 0 has loss ∞ where Keras gives 16.1.
 */
export function categoricalCrossentropy(
  yTrue: Distributions,
  yPred: Tensor,
  options: CategoricalCrossentropyOptions = {},
): Tensor {
  const op = "categoricalCrossentropy";
  checkKeys(op, options, ["fromLogits", "axis", "labelSmoothing"]);
  checkPrediction(op, "yPred, the second argument,", yPred);
  const { labelSmoothing = 0, ...rest } = options;
  return withTemporaries((temporary) => {
    const sparse = "for class indices take sparseCategoricalCrossentropy";
    return crossentropy(op, distributions(op, yTrue, yPred, sparse, temporary), yPred, rest, { labelSmoothing });
  });
}

/**
 * `keras.losses.sparse_categorical_crossentropy(y_true, y_pred)`: one loss a row, of class indices [N] or [N, 1] on the
 * host. Probabilities as in {@link categoricalCrossentropy}.
 */
export function sparseCategoricalCrossentropy(
  yTrue: Integers,
  yPred: Tensor,
  options: SparseCategoricalCrossentropyOptions = {},
): Tensor {
  const op = "sparseCategoricalCrossentropy";
  checkKeys(op, options, ["fromLogits", "axis", "ignoreClass"]);
  checkPrediction(op, "yPred, the second argument,", yPred);
  const { ignoreClass, ...rest } = options;
  const indices = classIndices(op, squeezed(op, yTrue, yPred), yPred, "take categoricalCrossentropy");
  return crossentropy(op, indices, yPred, rest, ignoreClass === undefined ? {} : { ignoreIndex: ignoreClass });
}

function crossentropy(
  op: string,
  targets: Targets,
  prediction: Tensor,
  { fromLogits = false, axis = -1 }: KerasOptions,
  options: LossOptions,
): Tensor {
  const all: LossOptions = { ...options, axis, reduction: "none" };
  if (fromLogits) {
    checkLogits(op, "yPred", prediction, "leave fromLogits out");
    return presetLoss(op, prediction, targets, keras, all);
  }
  if (logitsBehind(prediction)?.op === "logSoftmax") {
    throw new ValueError(
      `${op}: yPred is the output of logSoftmax, and without fromLogits it is probabilities; pass { fromLogits: true }`,
    );
  }
  const source = behind(op, prediction, axis);
  // Through probabilities Keras differentiates the formula itself.
  const exact = { ...keras, softGradient: "exact" } as const;
  if (source !== undefined) return presetLoss(op, source.logits, targets, exact, all);
  return probabilityRows(op, prediction, targets, all);
}

/** Class indices [..., 1] without their last axis, where the prediction has as many. */
function squeezed(op: string, indices: unknown, prediction: Tensor): unknown {
  if (indices instanceof Tensor || isNumberArray(indices) || isBigIntArray(indices)) return indices;
  const { data, shape } = hostTensor(op, indices as never);
  const isColumn = shape.length === prediction.rank && shape.length > 1 && shape.at(-1) === 1;
  return isColumn && prediction.shape.at(-1) !== 1 ? Float64Array.from(data) : indices;
}
