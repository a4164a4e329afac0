import { checkKeys, OptionError } from "@surprisal/core";
import { checkRange } from "../optimizers/optimizer.ts";
import type { Callback } from "./callback.ts";
import { type MonitorOptions, monitorOf } from "./monitor.ts";

/** Keras' options and defaults (`keras.callbacks.ReduceLROnPlateau`): patience 10, minDelta 1e-4. */
export interface ReduceLearningRateOptions extends MonitorOptions {
  /** What the rate is multiplied by (default 0.1). */
  readonly factor?: number;
  /** The rate stays at or above this (default 0). */
  readonly minLearningRate?: number;
}

/**
 * Lowers the learning rate each time that what it watches has not become better for `patience` epochs. Not together with a
 * schedule, which sets the rate of every step.
 */
export function reduceLearningRateOnPlateau(options: ReduceLearningRateOptions = {}): Callback {
  const op = "reduceLearningRateOnPlateau";
  checkKeys(op, options, ["monitor", "mode", "minDelta", "patience", "factor", "minLearningRate"]);
  const { patience = 10, factor = 0.1, minLearningRate = 0 } = options;
  if (!(typeof factor === "number" && factor > 0 && factor < 1))
    throw new OptionError(`${op}: factor is between 0 and 1, not ${String(factor)}`);
  checkRange(op, "minLearningRate", minLearningRate, 0, Number.POSITIVE_INFINITY);
  const monitor = monitorOf(op, options, 1e-4);
  return {
    onTrainBegin({ schedule }) {
      if (schedule !== undefined) {
        throw new OptionError(
          `${op}: the model is compiled with a schedule, which sets the rate anew in each step; take one`,
        );
      }
      monitor.begin();
    },
    onEpochEnd(_, logs, { optimizer }) {
      if (monitor.improved(logs) || monitor.waited() < patience) return;
      optimizer.learningRate = Math.max(optimizer.learningRate * factor, minLearningRate);
      monitor.rest();
    },
  };
}
