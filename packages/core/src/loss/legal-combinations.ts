import { OptionError } from "../errors.ts";
import { LOSS_OPTIONS, type LossOptionName } from "./loss-options.ts";

/** What a loss can be besides its options: its targets, how they are changed, its reduction, and its form. */
export type LossSetting = "labels" | "smoothed" | "weighted" | "probabilities" | "mean" | "sum" | "none" | "linear";

/** Every setting, in the order of the table. */
export const LOSS_SETTINGS: readonly LossSetting[] = [
  "labels",
  "smoothed",
  "weighted",
  "probabilities",
  "mean",
  "sum",
  "none",
  "linear",
];

/** Whether an option goes with a setting: true, or why not and what to do. */
type Row = Readonly<Record<LossSetting, true | string>>;

const always: Row = {
  labels: true,
  smoothed: true,
  weighted: true,
  probabilities: true,
  mean: true,
  sum: true,
  none: true,
  linear: true,
};

const oneLabel: Row = {
  ...always,
  smoothed: "its 1 − p_y is that of one label; leave labelSmoothing out",
  probabilities: "its 1 − p_y is that of one label; pass { labels }",
};

const meanOnly = "only a mean divides; leave it out, or reduce by mean";

/** Which options go together: docs/loss-options.md prints this table, and a test holds the two to each other. */
export const legalCombinations: Readonly<Record<LossOptionName, Row>> = {
  reduction: always,
  denominator: { ...always, sum: meanOnly, none: meanOnly },
  labelSmoothing: always,
  classWeights: always,
  ignoreIndex: { ...always, probabilities: "it names labels; give rows weight 0 instead" },
  rowWeights: always,
  zLoss: always,
  temperature: always,
  softcap: always,
  focal: oneLabel,
  poly: oneLabel,
  axis: { ...always, linear: "the classes of a linear layer are its last axis" },
};

/** The options that do not go with every setting. */
export const CHOOSY_OPTIONS: readonly LossOptionName[] = LOSS_OPTIONS.filter(
  (option) => legalCombinations[option] !== always,
);

const words: Readonly<Record<LossSetting, string>> = {
  labels: "labels",
  smoothed: "labelSmoothing",
  weighted: "classWeights",
  probabilities: "probabilities",
  mean: 'reduction "mean"',
  sum: 'reduction "sum"',
  none: 'reduction "none"',
  linear: "a linear layer",
};

/** Refuses an option that was given (and is not neutral) in a setting that it does not go with. */
export function checkCombinations(
  op: string,
  given: readonly LossOptionName[],
  settings: readonly LossSetting[],
): void {
  for (const option of given) {
    for (const setting of settings) {
      const verdict = legalCombinations[option][setting];
      if (verdict !== true) throw new OptionError(`${op}: ${option} cannot go with ${words[setting]}: ${verdict}`);
    }
  }
}
