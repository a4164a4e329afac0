import type { Integers } from "../integers.ts";
import { withTemporaries } from "../ops/apply.ts";
import { checkKeys } from "../options.ts";
import { presetLoss } from "../presets/loss-as.ts";
import { tensorflow } from "../presets/systems.ts";
import type { Tensor } from "../tensor.ts";
import { checkLogits, checkNamed } from "./known-inputs.ts";
import { classIndices, type Distributions, distributions } from "./read-targets.ts";

const remedy = "pass what went into it";

/** What `softmaxCrossEntropyWithLogits` takes, by name as in TensorFlow. */
export interface SoftmaxCrossEntropyWithLogitsArguments {
  /** Distributions over the classes, one-hot or soft, of the logits' shape: a tensor or nested arrays. */
  readonly labels: Distributions;
  readonly logits: Tensor;
  /** The axis of the classes (default −1). */
  readonly axis?: number;
}

/**
 * One loss a row, −Σ_j labels_j·log softmax(logits)_j (`tf.nn.softmax_cross_entropy_with_logits`): reduce it with `mean`.
 * Differentiable by both; the gradient by the logits is TensorFlow's p − labels, whatever the labels sum to.
 *
 * ```ts
 * const loss = mean(softmaxCrossEntropyWithLogits({ labels: [[0, 1, 0]], logits }));
 * ```
 */
export function softmaxCrossEntropyWithLogits(named: SoftmaxCrossEntropyWithLogitsArguments): Tensor {
  const op = "softmaxCrossEntropyWithLogits";
  checkNamed(op, named, "{ labels, logits }");
  checkKeys(op, named, ["labels", "logits", "axis"]);
  const { labels, logits, axis = -1 } = named;
  checkLogits(op, "logits", logits, remedy);
  return withTemporaries((temporary) => {
    const sparse = "for class indices take sparseSoftmaxCrossEntropyWithLogits";
    const targets = distributions(op, labels, logits, sparse, temporary);
    return presetLoss(op, logits, targets, tensorflow, { axis });
  });
}

/** What `sparseSoftmaxCrossEntropyWithLogits` takes, by name as in TensorFlow. */
export interface SparseSoftmaxCrossEntropyWithLogitsArguments {
  /** One class index a row, of the batch's shape or flat. */
  readonly labels: Integers;
  /** [..., classes] */
  readonly logits: Tensor;
}

/**
 * One loss a row, −log softmax(logits)_label (`tf.nn.sparse_softmax_cross_entropy_with_logits`): reduce it with `mean`.
 *
 * ```ts
 * const loss = mean(sparseSoftmaxCrossEntropyWithLogits({ labels: [1, 0], logits }));
 * ```
 *
 * @throws LabelError for a label outside 0 … C − 1, as TensorFlow does on a CPU
 */
export function sparseSoftmaxCrossEntropyWithLogits(named: SparseSoftmaxCrossEntropyWithLogitsArguments): Tensor {
  const op = "sparseSoftmaxCrossEntropyWithLogits";
  checkNamed(op, named, "{ labels, logits }");
  checkKeys(op, named, ["labels", "logits"]);
  const { labels, logits } = named;
  checkLogits(op, "logits", logits, remedy);
  return presetLoss(op, logits, classIndices(op, labels, logits, "take softmaxCrossEntropyWithLogits"), tensorflow);
}
