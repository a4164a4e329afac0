import type { Device } from "@surprisal/core";
import {
  buildModel,
  type Callback,
  type CompiledModel,
  compile,
  type Logs,
  type Model,
  randomStream,
  sparseCategoricalCrossentropy,
} from "@surprisal/nn";
import { type ClassWeighting, classWeightsOf } from "./class-weights.ts";
import type { DigitData } from "./data/digit-data.ts";
import { type Rows, rowsOf } from "./data/rows.ts";
import { shiftImages } from "./data/shift-images.ts";
import { perceptron } from "./model.ts";
import { type OptimizerName, optimizers } from "./optimizers.ts";
import { type ScheduleName, schedules } from "./schedules.ts";
import { type Score, scoreMetrics, scoreOf } from "./score.ts";

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

/** Where training is: means over the epoch so far. */
export interface StepProgress {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** How many images this epoch has trained with. */
  readonly images: number;
  readonly loss: number;
  readonly accuracy: number;
}

export interface EpochProgress {
  readonly epoch: number;
  readonly loss: number;
  readonly test: Score;
}

/** Told of every step and epoch; what a progress display listens to. */
export interface TrainingObserver {
  /** An epoch begins, counted from 1. */
  begin(epoch: number): void;
  step(progress: StepProgress): void;
  epoch(progress: EpochProgress): void;
}

export interface Trained {
  readonly model: Model;
  /** The epochs that were completed. */
  readonly epochs: readonly EpochProgress[];
  /** Whether the signal ended it. */
  readonly interrupted: boolean;
  /** Images trained with a second, scoring left out. */
  readonly samplesPerSecond: number;
}

/** Training that cannot go on: the loss is no number any more. */
export class DivergedError extends Error {
  override readonly name = "DivergedError";
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
  const classifier = compile(model, {
    optimizer: (parameters) => optimizers[options.optimizer].make(parameters, options.learningRate),
    loss: sparseCategoricalCrossentropy({ labelSmoothing }),
    metrics: scoreMetrics(labelSmoothing),
    schedule: schedules[options.schedule](options.learningRate, epochs * Math.ceil(data.train.count / batchSize)),
  });
  const train = rowsOf(data.train);
  const test = rowsOf(data.test);
  const log = trainingLog(data.train.count, options, observer);
  const callbacks = [...(options.augment === "shift" ? [shifting(device, data, train, seed)] : []), log.callback];
  const run = {
    epochs,
    batchSize,
    callbacks,
    validationData: [test.x, test.y] as const,
    ...(classWeights && { classWeight: classWeightsOf(classWeights, data.train.labels, data.classes) }),
    ...(signal && { signal }),
  };
  const interrupted = await fitted(classifier, train, run);
  classifier.dispose();
  return { model, epochs: log.epochs, interrupted, samplesPerSecond: log.samplesPerSecond() };
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

/** Which stream of the seed shifts images: another than those of the data and of `fit`. */
const SHIFTS = 17;
/** Some milliseconds' work: timers and signals come through in between. */
const SHIFTED_AT_ONCE = 2000;

/** Before each epoch, moves every image anew. `fit` reads the rows as the batches come. */
function shifting(device: Device, data: DigitData, { x }: Rows, seed: number): Callback {
  return {
    async onEpochBegin(epoch) {
      const random = randomStream(seed, SHIFTS, epoch);
      for (let begin = 0; begin < data.train.count; begin += SHIFTED_AT_ONCE) {
        const end = Math.min(begin + SHIFTED_AT_ONCE, data.train.count);
        shiftImages(data.train.images, data, [begin, end], random, x.data);
        await device.tick();
      }
    },
  };
}

interface TrainingLog {
  readonly callback: Callback;
  readonly epochs: readonly EpochProgress[];
  samplesPerSecond(): number;
}

/** Tells the observer, keeps the epochs and the time, and ends training whose loss is no number. */
function trainingLog(
  rows: number,
  { batchSize, learningRate }: TrainingOptions,
  observer: TrainingObserver,
): TrainingLog {
  const epochs: EpochProgress[] = [];
  let begun = 0;
  let images = 0;
  let milliseconds = 0;
  let timed = { images, milliseconds };
  const callback: Callback = {
    onEpochBegin(epoch) {
      begun = performance.now();
      ({ images, milliseconds } = timed);
      observer.begin(epoch + 1);
    },
    onBatchEnd(batch, logs, { batches }) {
      const step = batch + 1;
      const seen = Math.min(step * batchSize, rows);
      timed = { images: images + seen, milliseconds: milliseconds + performance.now() - begun };
      const epoch = epochs.length + 1;
      const { loss, accuracy } = logs as Logs & { loss: number; accuracy: number };
      if (!Number.isFinite(loss)) throw diverged(loss, epoch, step, learningRate);
      observer.step({ epoch, step, steps: batches, images: seen, loss, accuracy });
    },
    onEpochEnd(epoch, logs) {
      const progress = { epoch: epoch + 1, loss: logs.loss!, test: scoreOf(logs, "val_") };
      epochs.push(progress);
      observer.epoch(progress);
    },
  };
  return {
    callback,
    epochs,
    samplesPerSecond: () => (timed.milliseconds === 0 ? 0 : (1000 * timed.images) / timed.milliseconds),
  };
}

function diverged(loss: number, epoch: number, step: number, learningRate: number): DivergedError {
  return new DivergedError(
    `training diverged: the loss became ${loss} at epoch ${epoch}, step ${step}; try a smaller --lr than ${learningRate}`,
  );
}
