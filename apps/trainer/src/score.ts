import { type Logs, type Measure, type Metric, sparseCategoricalCrossentropy } from "@surprisal/nn";

/** What a data set scores. */
export interface Score {
  /** Mean surprisal −log p of the right class, over all rows. */
  readonly loss: number;
  /** Share of rows whose likeliest class is their label. */
  readonly accuracy: number;
}

/** The loss without smoothing, beside one with it. */
const plainLoss: Measure = { ...sparseCategoricalCrossentropy(), name: "plainLoss" };

/** What a model is judged by, whatever it is trained for: a smoothed loss says nothing of a test set. */
export function scoreMetrics(labelSmoothing = 0): readonly Metric[] {
  return labelSmoothing === 0 ? ["accuracy"] : ["accuracy", plainLoss];
}

/** The score in the numbers of `fit` or `evaluate`; `prefix` is `val_` for those of validation. */
export function scoreOf(logs: Logs, prefix = ""): Score {
  return {
    loss: logs[`${prefix}${plainLoss.name}`] ?? logs[`${prefix}loss`]!,
    accuracy: logs[`${prefix}accuracy`]!,
  };
}
