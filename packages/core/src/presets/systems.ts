/**
 * Six systems as records. Their tests hold golden values that were measured on the versions named here; what could not be
 * measured says where it is from.
 */
import type { Preset } from "./preset.ts";

/**
 * `tf.nn.softmax_cross_entropy_with_logits` and its sparse sibling: one loss a row, and `tf.reduce_mean` of them. Its
 * gradient for probabilities is p − q whatever they sum to.
 */
export const tensorflow: Preset = {
  name: "tensorflow",
  system: "TensorFlow 2.21",
  reduction: "none",
  denominator: "batch",
  emptyMean: Number.NaN,
  ignoreIndex: undefined,
  labelsOutOfRange: "error",
  softGradient: "p - q",
  classAxis: "last",
};

/**
 * `keras.losses.CategoricalCrossentropy` and its sparse sibling with `from_logits=True`, on TensorFlow, to which they hand
 * the gradient. A mean divides by the number of rows that are not ignored, not by their weights.
 */
export const keras: Preset = {
  name: "keras",
  system: "Keras 3.15 on TensorFlow",
  reduction: "mean",
  denominator: "rows",
  emptyMean: 0,
  ignoreIndex: undefined,
  labelsOutOfRange: "error",
  softGradient: "p - q",
  classAxis: "last",
};

/**
 * `torch.nn.functional.cross_entropy`. A mean divides by Σ w_y for class indices and by the number of rows for
 * probabilities, so that the same rows and weights have two means.
 */
export const torch: Preset = {
  name: "torch",
  system: "PyTorch 2.13",
  reduction: "mean",
  denominator: "weights",
  emptyMean: Number.NaN,
  ignoreIndex: -100,
  labelsOutOfRange: "error",
  softGradient: "exact",
  classAxis: "second",
};

/** `SoftmaxCrossEntropyLoss` of ONNX, in both its reference and ONNX Runtime. Label −1 is the last class. */
export const onnx: Preset = {
  name: "onnx",
  system: "ONNX 1.23, ONNX Runtime 1.30",
  reduction: "mean",
  denominator: "weights",
  emptyMean: Number.NaN,
  ignoreIndex: undefined,
  labelsOutOfRange: "wrap",
  softGradient: "exact",
  classAxis: "second",
};

/**
 * `optax.softmax_cross_entropy` and `…_with_integer_labels`: one loss a row, and `jnp.mean` of them. Label −1 is the last
 * class. (Labels further out make the row NaN there; here they are refused.)
 */
export const optax: Preset = {
  name: "optax",
  system: "optax 0.2.8",
  reduction: "none",
  denominator: "batch",
  emptyMean: Number.NaN,
  ignoreIndex: undefined,
  labelsOutOfRange: "wrap",
  softGradient: "exact",
  classAxis: "last",
};

/**
 * `softmaxCrossEntropy(logits:labels:reduction:)` of Swift for TensorFlow, from its source (swift-apis, Loss.swift): the
 * mean over the batch of TensorFlow's two raw ops.
 */
export const s4tf: Preset = {
  name: "s4tf",
  system: "Swift for TensorFlow, from its source",
  reduction: "mean",
  denominator: "batch",
  emptyMean: Number.NaN,
  ignoreIndex: undefined,
  labelsOutOfRange: "error",
  softGradient: "p - q",
  classAxis: "last",
};
