import type { Parameter } from "@surprisal/core";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Logs } from "./scores.ts";

/** A run of `fit`, as its callbacks see it. */
export interface Training {
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly optimizer: Optimizer<Readonly<Record<string, Parameter>>>;
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
  /** Called however training ended, also by an error or a signal. */
  onTrainEnd?(training: Training): void | Promise<void>;
}

/** Several callbacks as one, called in order. */
export function allOf(callbacks: readonly Callback[]): Required<Callback> {
  const each = async (call: (callback: Callback) => void | Promise<void>): Promise<void> => {
    for (const callback of callbacks) await call(callback);
  };
  return {
    onTrainBegin: (training) => each((callback) => callback.onTrainBegin?.(training)),
    onEpochBegin: (epoch, training) => each((callback) => callback.onEpochBegin?.(epoch, training)),
    onBatchEnd: (batch, logs, training) => each((callback) => callback.onBatchEnd?.(batch, logs, training)),
    onEpochEnd: (epoch, logs, training) => each((callback) => callback.onEpochEnd?.(epoch, logs, training)),
    onTrainEnd: (training) => each((callback) => callback.onTrainEnd?.(training)),
  };
}
