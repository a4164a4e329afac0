import { checkKeys, OptionError } from "@surprisal/core";
import type { Callback } from "./callback.ts";
import { type MonitorOptions, monitorOf } from "./monitor.ts";

/** Keras' options and defaults (`keras.callbacks.ReduceLROnPlateau`): patience 10, minDelta 1e-4. */
export interface ReduceLearningRateOptions extends MonitorOptions {
  /** What the rate is multiplied by (default 0.1). */
  readonly factor?: number;
  /** The rate stays at or above this (default 0). */
  readonly minLearningRate?: number;
}

/** Lowers the learning rate each time that what it watches has not become better for `patience` epochs. */
export function reduceLearningRateOnPlateau(options: ReduceLearningRateOptions = {}): Callback {
  const op = "reduceLearningRateOnPlateau";
  checkKeys(op, options, ["monitor", "mode", "minDelta", "patience", "factor", "minLearningRate"]);
  const { patience = 10, factor = 0.1, minLearningRate = 0 } = options;
  if (!(factor > 0 && factor < 1)) throw new OptionError(`${op}: factor is between 0 and 1, not ${String(factor)}`);
  const monitor = monitorOf(op, options, 1e-4);
  return {
    onTrainBegin: () => monitor.begin(),
    onEpochEnd(_, logs, { optimizer }) {
      if (monitor.improved(logs) || monitor.waited() < patience) return;
      optimizer.learningRate = Math.max(optimizer.learningRate * factor, minLearningRate);
      monitor.rest();
    },
  };
}
