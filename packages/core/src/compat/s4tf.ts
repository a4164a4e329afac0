import { OptionError, ValueError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import type { Integers } from "../integers.ts";
import type { Reduction, Targets } from "../loss/loss-options.ts";
import { withTemporaries } from "../ops/apply.ts";
import { checkKeys } from "../options.ts";
import { presetLoss } from "../presets/loss-as.ts";
import { s4tf } from "../presets/systems.ts";
import { Tensor } from "../tensor.ts";
import { checkLogits, checkNamed } from "./known-inputs.ts";
import { classIndices, type Distributions, distributions } from "./read-targets.ts";

/** What becomes of the losses of the rows: a word, or a function such as `sum`. */
export type RowReduction = Reduction | ((rows: Tensor) => Tensor);

/** What S4TF's `softmaxCrossEntropy` takes, by name. */
export type SoftmaxCrossEntropyArguments = {
  /** [..., classes] */
  readonly logits: Tensor;
  /** Default `"mean"`. */
  readonly reduction?: RowReduction;
} & (
  | { /** One class index a row. */ readonly labels: Integers; readonly probabilities?: never }
  | { /** Distributions like the logits. */ readonly probabilities: Distributions; readonly labels?: never }
);

/**
 * `softmaxCrossEntropy(logits:labels:reduction:)` and `softmaxCrossEntropy(logits:probabilities:reduction:)` of Swift for
 * TensorFlow: the mean over the batch, unless `reduction` says otherwise.
 *
 * ```ts
 * const loss = softmaxCrossEntropy({ logits, labels: [1, 0] });
 * const total = softmaxCrossEntropy({ logits, probabilities, reduction: sum });
 * ```
 */
export function softmaxCrossEntropy(named: SoftmaxCrossEntropyArguments): Tensor {
  const op = "softmaxCrossEntropy";
  checkNamed(op, named, "{ logits, labels }");
  checkKeys(op, named, ["logits", "labels", "probabilities", "reduction"]);
  const { logits, labels, probabilities, reduction = s4tf.reduction } = named;
  checkLogits(op, "logits", logits, "pass what went into it");
  if ((labels === undefined) === (probabilities === undefined)) {
    throw new ValueError(`${op}: pass one of labels (class indices) and probabilities (distributions like the logits)`);
  }
  return withTemporaries((temporary) => {
    const targets: Targets =
      labels !== undefined
        ? classIndices(op, labels, logits, "pass them as probabilities")
        : distributions(op, probabilities, logits, "pass class indices as labels", temporary);
    if (typeof reduction !== "function") return presetLoss(op, logits, targets, s4tf, { reduction });
    const rows = presetLoss(op, logits, targets, s4tf, { reduction: "none" });
    const reduced: unknown = reduction(rows);
    if (reduced !== rows && !rows.disposed) rows.dispose();
    if (!(reduced instanceof Tensor)) {
      throw new OptionError(`${op}: reduction must return a tensor, and returned ${nameOf(reduced)}`);
    }
    return reduced;
  });
}
