import { checkKeys, OptionError, type Parameter, type Tensor, ValueError } from "@surprisal/core";
import type { Model } from "../model/build-model.ts";
import { adam, adamW } from "../optimizers/adam.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Schedule } from "../optimizers/schedules.ts";
import { sgd } from "../optimizers/sgd.ts";
import { type EvaluateOptions, evaluate } from "./evaluate.ts";
import type { Examples } from "./examples.ts";
import { fit, type History } from "./fit.ts";
import { checkFitOptions, type FitOptions } from "./fit-options.ts";
import { type Loss, lossOf } from "./losses.ts";
import { type Metric, metricOf } from "./metrics.ts";
import { type Predictions, type PredictOptions, predict } from "./predict.ts";
import type { Logs } from "./scores.ts";
import { namesOf } from "./task.ts";

type Parameters = Readonly<Record<string, Parameter>>;

/** Keras' optimizers by name, with Keras' defaults (learning rates 0.01, 0.001, 0.001). */
export type OptimizerName = "sgd" | "adam" | "adamw";

export interface CompileOptions {
  /**
   * A name, with Keras' defaults; or a function of the parameters, `(parameters) => adam(parameters, { learningRate })`, whose
   * defaults are PyTorch's.
   */
  readonly optimizer: OptimizerName | ((parameters: Parameters) => Optimizer<Parameters>);
  /** A name in Keras, a measure such as `sparseCategoricalCrossentropy({ labelSmoothing: 0.1 })`, or a function. */
  readonly loss: Loss;
  /** What else is of interest (default nothing): `["accuracy"]`. */
  readonly metrics?: readonly Metric[];
  /** The learning rate of each step, counted by the optimizer. */
  readonly schedule?: Schedule;
  /** Limits every number of the gradients. */
  readonly clipValue?: number;
  /** Limits the norm of all gradients together, after `clipValue`. */
  readonly globalClipNorm?: number;
}

/** A model with what it is trained for. */
export interface CompiledModel<X = Tensor> {
  readonly model: Model<X>;
  readonly optimizer: Optimizer<Parameters>;
  /**
   * Trains, and tells what it was like. Timers and rendering run at least every 16 ms, and at most two steps are on the
   * device at once. A typed array, also that of `{ data, shape }`, is read as its batches come and not copied before: a
   * callback may write other examples into it between epochs, augmented ones for instance.
   */
  fit(x: Examples, y: Examples, options?: FitOptions): Promise<History>;
  /** The loss and metrics over rows of examples: `{ loss, accuracy }`. */
  evaluate(x: Examples, y: Examples, options?: EvaluateOptions): Promise<Logs>;
  /** The output for rows of examples, on the host. */
  predict(x: Examples, options?: PredictOptions): Promise<Predictions>;
  /** Frees what the optimizer remembers; the model stays. */
  dispose(): void;
}

/**
 * Says how a model is trained, Keras' way.
 *
 * ```js
 * const classifier = compile(model, {
 *   optimizer: "adam",
 *   loss: "sparse_categorical_crossentropy",
 *   metrics: ["accuracy"],
 * });
 * const { history } = await classifier.fit(images, labels, { epochs: 5, validationSplit: 0.1 });
 * ```
 *
 * Cross-entropy starts from logits of itself: from what goes into a final softmax, or from the output where there is none.
 * With weights, the mean divides by their sum (PyTorch's rule; Keras divides by the number of rows). Metrics are not
 * weighted, as in Keras.
 * @throws OptionError for names that do not exist
 */
export function compile<X>(model: Model<X>, options: CompileOptions): CompiledModel<X> {
  checkKeys("compile", options, ["optimizer", "loss", "metrics", "schedule", "clipValue", "globalClipNorm"]);
  const { schedule, clipValue, globalClipNorm } = options;
  const task = { model, loss: lossOf(options.loss), metrics: (options.metrics ?? []).map(metricOf) };
  const names = namesOf(task);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new OptionError(`compile: two measures are named "${twice}"; give each its own name`);
  const optimizer = optimizerOf(options.optimizer, model.parameters);
  const rule = { optimizer, schedule, clipValue, globalClipNorm };
  let fitting = false;
  return {
    model,
    optimizer,
    async fit(x, y, fitOptions = {}) {
      checkFitOptions(fitOptions);
      if (fitting) throw new ValueError("fit: the model is being fitted already; wait for that to end");
      fitting = true;
      try {
        return await fit(task, rule, x, y, fitOptions);
      } finally {
        fitting = false;
      }
    },
    evaluate: (x, y, evaluateOptions) => evaluate(task, x, y, evaluateOptions),
    predict: (x, predictOptions) => predict(model, x, predictOptions),
    dispose: () => optimizer.dispose(),
  };
}

const named: Readonly<Record<OptimizerName, (parameters: Parameters) => Optimizer<Parameters>>> = {
  sgd: (parameters) => sgd(parameters, { learningRate: 0.01 }),
  adam: (parameters) => adam(parameters, { epsilon: 1e-7 }),
  adamw: (parameters) => adamW(parameters, { epsilon: 1e-7, weightDecay: 0.004 }),
};

function optimizerOf(optimizer: CompileOptions["optimizer"], parameters: Parameters): Optimizer<Parameters> {
  if (typeof optimizer === "function") return optimizer(parameters);
  if (Object.hasOwn(named, optimizer)) return named[optimizer](parameters);
  throw new OptionError(
    `compile: there is no optimizer "${String(optimizer)}"; there are sgd, adam, adamw, or a function of the parameters`,
  );
}
