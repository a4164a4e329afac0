import type { Callback, Logs } from "@surprisal/nn";
import { type Score, scoreOf } from "./score.ts";

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

/** Training that cannot go on: the loss is no number any more. */
export class DivergedError extends Error {
  override readonly name = "DivergedError";
}

export interface TrainingLog {
  readonly callback: Callback;
  readonly epochs: readonly EpochProgress[];
  samplesPerSecond(): number;
}

/** Tells the observer, keeps the epochs and the time, and ends training whose loss is no number. */
export function trainingLog(
  rows: number,
  { batchSize, learningRate }: { readonly batchSize: number; readonly learningRate: number },
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
