import type { Device } from "@surprisal/core";
import { buildModel, type CompiledModel, compile, type Model, sparseCategoricalCrossentropy } from "@surprisal/nn";
import { type ClassWeighting, classWeightsOf } from "./class-weights.ts";
import type { DigitData } from "./data/digit-data.ts";
import { type Rows, rowsOf } from "./data/rows.ts";
import { perceptron } from "./model.ts";
import { type OptimizerName, optimizers } from "./optimizers.ts";
import { type ScheduleName, schedules } from "./schedules.ts";
import { scoreMetrics } from "./score.ts";
import { shifting } from "./shifting.ts";
import { type EpochProgress, type TrainingObserver, trainingLog } from "./training-log.ts";

export interface TrainingOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: OptimizerName;
  readonly schedule: ScheduleName;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  readonly dropout: number;
  readonly augment: "none" | "shift";
  readonly labelSmoothing: number;
  readonly classWeights?: ClassWeighting | undefined;
  readonly seed: number;
}

export interface Trained {
  readonly model: Model;
  /** The epochs that were completed. */
  readonly epochs: readonly EpochProgress[];
  /** How many steps that took. */
  readonly steps: number;
  /** Whether the signal ended it. */
  readonly interrupted: boolean;
  /** Images trained with a second, scoring left out. */
  readonly samplesPerSecond: number;
}

/**
 * Trains a perceptron with the fused loss and scores it on the test set after each epoch. The signal ends it after the step
 * at hand, with the model as that left it.
 * @throws DivergedError
 */
export async function trainDigits(
  device: Device,
  data: DigitData,
  options: TrainingOptions,
  observer: TrainingObserver,
  signal?: AbortSignal,
): Promise<Trained> {
  const { epochs, batchSize, hidden, dropout, seed, labelSmoothing, classWeights } = options;
  const widths = [data.height * data.width, ...hidden, data.classes];
  const model = buildModel(device, perceptron(widths, dropout), { seed });
  const classWeight = classWeights && classWeightsOf(classWeights, data.train.labels, data.classes);
  const rows = rowsToTrain(data.train.labels, classWeight);
  const classifier = compile(model, {
    optimizer: (parameters) => optimizers[options.optimizer].make(parameters, options.learningRate),
    loss: sparseCategoricalCrossentropy({ labelSmoothing }),
    metrics: scoreMetrics(labelSmoothing),
    schedule: schedules[options.schedule](options.learningRate, Math.max(1, epochs * Math.ceil(rows / batchSize))),
  });
  const train = rowsOf(data.train);
  const test = rowsOf(data.test);
  const log = trainingLog(rows, options, observer);
  const callbacks = [...(options.augment === "shift" ? [shifting(device, data, train, seed)] : []), log.callback];
  const run = {
    epochs,
    batchSize,
    callbacks,
    validationData: [test.x, test.y] as const,
    ...(classWeight && { classWeight }),
    ...(signal && { signal }),
  };
  const interrupted = await fitted(classifier, train, run);
  classifier.dispose();
  const { steps } = classifier.optimizer;
  return { model, epochs: log.epochs, steps, interrupted, samplesPerSecond: log.samplesPerSecond() };
}

/** How many images `fit` trains with: it leaves out those that weigh nothing. */
function rowsToTrain(labels: Uint8Array, classWeight: readonly number[] | undefined): number {
  return labels.reduce((rows, label) => (classWeight?.[label] === 0 ? rows : rows + 1), 0);
}

/** Fits, and says whether the signal ended it. */
async function fitted(
  { model, optimizer, fit }: CompiledModel,
  { x, y }: Rows,
  run: NonNullable<Parameters<CompiledModel["fit"]>[2]>,
): Promise<boolean> {
  try {
    await fit(x, y, run);
    return false;
  } catch (error) {
    if (run.signal?.aborted && error === run.signal.reason) return true;
    optimizer.dispose();
    model.dispose();
    throw error;
  }
}
