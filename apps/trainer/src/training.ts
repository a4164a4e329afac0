import { argmax, type Device, softmaxCrossEntropy } from "@surprisal/core";
import { adam, permutation, randomStream } from "@surprisal/nn";
import { type Batch, batches } from "./batches.ts";
import type { DigitData, LabelledImages } from "./data/digit-data.ts";
import { EPOCH_ORDER, initialLayers, type Layers, logitsOf } from "./model.ts";

export interface TrainingOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly hidden: number;
  readonly seed: number;
}

/** What a data set scores. */
interface Score {
  /** Mean loss over all rows. */
  readonly loss: number;
  /** Share of rows whose likeliest class is their label. */
  readonly accuracy: number;
}

/** Told of every step and epoch; what a progress display listens to. */
export interface TrainingObserver {
  step(progress: { epoch: number; step: number; steps: number; loss: number }): void;
  epoch(progress: { epoch: number; loss: number; test: Score }): void;
}

export interface Trained {
  readonly layers: Layers;
  readonly test: Score;
}

/** Training that cannot go on: the loss is no number any more. */
export class DivergedError extends Error {
  override readonly name = "DivergedError";
}

/** Trains a perceptron pixels-hidden-classes with the fused loss and Adam, and scores it on the test set. */
export async function train(
  device: Device,
  data: DigitData,
  options: TrainingOptions,
  observer: TrainingObserver,
): Promise<Trained> {
  const { epochs, batchSize, learningRate, hidden, seed } = options;
  const pixels = data.height * data.width;
  const layers = initialLayers(device, [pixels, hidden, data.classes], seed);
  const optimizer = adam(layers, { learningRate });
  const steps = Math.ceil(data.train.count / batchSize);
  let test: Score = { loss: Number.NaN, accuracy: 0 };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = permutation(data.train.count, randomStream(seed, EPOCH_ORDER, epoch));
    let step = 0;
    let total = 0;
    for (const batch of batches(data.train, pixels, batchSize, order)) {
      const loss = await trainStep(device, layers, optimizer, batch, pixels);
      step++;
      if (!Number.isFinite(loss)) {
        throw new DivergedError(
          `training diverged: the loss became ${loss} at epoch ${epoch}, step ${step}; try a smaller --lr than ${learningRate}`,
        );
      }
      total += loss * batch.rows;
      observer.step({ epoch, step, steps, loss: total / Math.min(step * batchSize, data.train.count) });
      await device.tick();
    }
    test = await score(device, layers, data.test, pixels);
    observer.epoch({ epoch, loss: total / data.train.count, test });
  }
  optimizer.dispose();
  return { layers, test };
}

function trainStep(
  device: Device,
  layers: Layers,
  optimizer: ReturnType<typeof adam<Layers>>,
  { rows, images, labels }: Batch,
  pixels: number,
): Promise<number> {
  return device.scoped((scope) => {
    const x = scope.tensor(images, [rows, pixels]);
    const { value, gradients } = scope.valueAndGrad((p) => softmaxCrossEntropy(logitsOf(p, x), { labels }), layers);
    optimizer.update(gradients);
    return value.item();
  });
}

const SCORE_BATCH = 500;

/** Mean loss and accuracy of a data set. */
async function score(device: Device, layers: Layers, data: LabelledImages, pixels: number): Promise<Score> {
  let loss = 0;
  let correct = 0;
  for (const { rows, images, labels } of batches(data, pixels, SCORE_BATCH)) {
    await device.scoped(async (scope) => {
      const logits = logitsOf(layers, scope.tensor(images, [rows, pixels]));
      const total = softmaxCrossEntropy(logits, { labels }, { reduction: "sum" });
      const [sum, predicted] = await Promise.all([total.item(), argmax(logits).data()]);
      loss += sum;
      correct += labels.reduce((count, label, row) => count + (predicted[row] === label ? 1 : 0), 0);
    });
    await device.tick();
  }
  return { loss: loss / data.count, accuracy: correct / data.count };
}
