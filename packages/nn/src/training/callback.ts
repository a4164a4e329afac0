import { OptionError, type Parameter } from "@surprisal/core";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Schedule } from "../optimizers/schedules.ts";
import type { Logs } from "./scores.ts";

/** A run of `fit`, as its callbacks see it. */
export interface Training {
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly optimizer: Optimizer<Readonly<Record<string, Parameter>>>;
  /** What sets the learning rate of each step, if that was compiled in. */
  readonly schedule: Schedule | undefined;
  /** How many epochs there will be at most. */
  readonly epochs: number;
  /** How many batches an epoch has. */
  readonly batches: number;
  /** Set it to true, and training ends with this epoch, before its remaining batches. */
  stopTraining: boolean;
}

/**
 * What `fit` tells on its way. A function that returns a promise is waited for. Numbers of a batch come up to two batches
 * late, so that no step waits for its own.
 */
export interface Callback {
  onTrainBegin?(training: Training): void | Promise<void>;
  /** `epoch` counts from 0, as in Keras. */
  onEpochBegin?(epoch: number, training: Training): void | Promise<void>;
  /** `logs` are the means over the epoch so far. */
  onBatchEnd?(batch: number, logs: Logs, training: Training): void | Promise<void>;
  /** `logs` are the means over the epoch, with `val_…` where there are validation data. */
  onEpochEnd?(epoch: number, logs: Logs, training: Training): void | Promise<void>;
  /** Called however training ended, also by an error or a signal; the first error is what `fit` rejects with. */
  onTrainEnd?(training: Training): void | Promise<void>;
}

/** Several callbacks as one. */
export type AllCallbacks = {
  readonly [E in keyof Callback]-?: (...told: Parameters<NonNullable<Callback[E]>>) => Promise<void>;
};

/** Several callbacks as one, called in order; each is told of the end, also where one before it throws. */
export function allOf(callbacks: readonly Callback[]): AllCallbacks {
  const each = async (call: (callback: Callback) => void | Promise<void>): Promise<void> => {
    for (const callback of callbacks) await call(callback);
  };
  return {
    onTrainBegin: (training) => each((callback) => callback.onTrainBegin?.(training)),
    onEpochBegin: (epoch, training) => each((callback) => callback.onEpochBegin?.(epoch, training)),
    onBatchEnd: (batch, logs, training) => each((callback) => callback.onBatchEnd?.(batch, logs, training)),
    onEpochEnd: (epoch, logs, training) => each((callback) => callback.onEpochEnd?.(epoch, logs, training)),
    async onTrainEnd(training) {
      const errors: unknown[] = [];
      for (const callback of callbacks) {
        try {
          await callback.onTrainEnd?.(training);
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}

const events = ["onTrainBegin", "onEpochBegin", "onBatchEnd", "onEpochEnd", "onTrainEnd"] as const;

/** Refuses what is no list of callbacks. */
export function checkCallbacks(op: string, callbacks: readonly Callback[]): void {
  if (!Array.isArray(callbacks)) {
    throw new OptionError(`${op}: callbacks are an array, not ${callbacks === null ? "null" : typeof callbacks}`);
  }
  for (const [i, callback] of callbacks.entries()) {
    if (typeof callback !== "object" || callback === null) {
      throw new OptionError(`${op}: callback ${i} is an object with ${events.join(", ")}, not ${String(callback)}`);
    }
    const wrong = events.find((event) => callback[event] !== undefined && typeof callback[event] !== "function");
    if (wrong !== undefined) {
      throw new OptionError(`${op}: ${wrong} of callback ${i} is a function, not ${String(callback[wrong])}`);
    }
  }
}
