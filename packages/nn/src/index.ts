/** What models are made of and trained with, on core's public API. */
export { type Activation, type ActivationName, activation } from "./layers/activation.ts";
export { type DenseOptions, dense, type LinearOptions, linear } from "./layers/dense.ts";
export { dropout } from "./layers/dropout.ts";
export {
  type Bags,
  type EmbeddingBagOptions,
  type EmbeddingOptions,
  embedding,
  embeddingBag,
} from "./layers/embedding.ts";
export { type FlattenOptions, flatten } from "./layers/flatten.ts";
export type { Indices } from "./layers/indices.ts";
export {
  type Fans,
  glorotUniform,
  type Initialiser,
  type InitialiserName,
  initialValues,
  normal,
  uniform,
} from "./layers/initialisers.ts";
export type { Context, Layer, LayerLike } from "./layers/layer.ts";
export { type LayerNormOptions, layerNorm } from "./layers/layer-norm.ts";
export { sequential } from "./layers/sequential.ts";
export { type ApplyOptions, type BuildOptions, buildModel, type Model } from "./model/build-model.ts";
export { type AdamOptions, adam, adamW } from "./optimizers/adam.ts";
export { clipByGlobalNorm, clipByValue } from "./optimizers/clip.ts";
export { type GradientAccumulator, gradientAccumulator } from "./optimizers/gradient-accumulator.ts";
export type { Optimizer } from "./optimizers/optimizer.ts";
export {
  type CosineDecayOptions,
  constantRate,
  cosineDecay,
  exponentialDecay,
  linearDecay,
  type Schedule,
  type StepDecayOptions,
  stepDecay,
  warmup,
} from "./optimizers/schedules.ts";
export { type SgdOptions, sgd } from "./optimizers/sgd.ts";
export { permutation, type RandomStream, randomStream } from "./random/random-stream.ts";
export { decodeSafetensors } from "./state/decode-safetensors.ts";
export { encodeSafetensors } from "./state/encode-safetensors.ts";
export type { Safetensors, SavedTensor } from "./state/safetensors-types.ts";
export { loadStateDict, type StateDict, type StateTensor, stateDict } from "./state/state-dict.ts";
export type { Callback, Training } from "./training/callback.ts";
export { type CompiledModel, type CompileOptions, compile, type OptimizerName } from "./training/compile.ts";
export { type EarlyStoppingOptions, earlyStopping } from "./training/early-stopping.ts";
export type { EvaluateOptions } from "./training/evaluate.ts";
export type { Examples } from "./training/examples.ts";
export type { History } from "./training/fit.ts";
export type { FitOptions } from "./training/fit-options.ts";
export {
  type CrossentropyOptions,
  categoricalCrossentropy,
  type Loss,
  type LossFunction,
  type LossName,
  sparseCategoricalCrossentropy,
} from "./training/losses.ts";
export type { BatchTargets, Measure } from "./training/measure.ts";
export { accuracy, type Metric, type MetricName, topKAccuracy } from "./training/metrics.ts";
export type { MonitorOptions } from "./training/monitor.ts";
export { type Predictions, type PredictOptions, predict } from "./training/predict.ts";
export { type ReduceLearningRateOptions, reduceLearningRateOnPlateau } from "./training/reduce-learning-rate.ts";
export type { ClassWeights } from "./training/sample-weights.ts";
export type { Logs } from "./training/scores.ts";
