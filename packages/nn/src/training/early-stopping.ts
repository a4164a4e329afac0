import { assign, checkKeys, type Parameter, parameterLike } from "@surprisal/core";
import type { Callback } from "./callback.ts";
import { type MonitorOptions, monitorOf } from "./monitor.ts";

/** Keras' options and defaults (`keras.callbacks.EarlyStopping`): patience 0, minDelta 0. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Whether the parameters of the best epoch come back when training ends (default false). */
  readonly restoreBestWeights?: boolean;
}

/** Stops training when what it watches has not become better for `patience` epochs. */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkKeys("earlyStopping", options, ["monitor", "mode", "minDelta", "patience", "restoreBestWeights"]);
  const { patience = 0, restoreBestWeights = false } = options;
  const monitor = monitorOf("earlyStopping", options, 0);
  let best: { readonly of: Parameter; readonly copy: Parameter }[] = [];
  return {
    onTrainBegin: () => monitor.begin(),
    onEpochEnd(_, logs, training) {
      const improved = monitor.improved(logs);
      if (!improved && monitor.waited() >= patience) training.stopTraining = true;
      if (!improved || !restoreBestWeights) return;
      if (best.length === 0) {
        best = Object.values(training.parameters).map((of) => ({ of, copy: parameterLike(of) }));
      }
      for (const { of, copy } of best) assign(copy, of);
    },
    onTrainEnd() {
      for (const { of, copy } of best) {
        assign(of, copy);
        copy.dispose();
      }
      best = [];
    },
  };
}
