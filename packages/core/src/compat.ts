/**
 * Softmax cross-entropy as other systems have it: under the names, arguments and defaults of their users, as presets for
 * `lossAs`, and `explain` for where two of them differ.
 */
export {
  type CategoricalCrossentropyOptions,
  categoricalCrossentropy,
  type SparseCategoricalCrossentropyOptions,
  sparseCategoricalCrossentropy,
} from "./compat/keras.ts";
export type { Distributions } from "./compat/read-targets.ts";
export { type RowReduction, type SoftmaxCrossEntropyArguments, softmaxCrossEntropy } from "./compat/s4tf.ts";
export {
  type SoftmaxCrossEntropyWithLogitsArguments,
  type SparseSoftmaxCrossEntropyWithLogitsArguments,
  softmaxCrossEntropyWithLogits,
  sparseSoftmaxCrossEntropyWithLogits,
} from "./compat/tensorflow.ts";
export { type CrossEntropyOptions, crossEntropy, type NllLossOptions, nllLoss } from "./compat/torch.ts";
export { explain } from "./presets/explain.ts";
export type { Explanation, RowAnswer, RowDifference, SettingDifference } from "./presets/explanation.ts";
export { lossAs } from "./presets/loss-as.ts";
export type { RowFate } from "./presets/outcome.ts";
export type { Preset, PresetSetting } from "./presets/preset.ts";
export { keras, onnx, optax, s4tf, tensorflow, torch } from "./presets/systems.ts";
