import { checkKeys, OptionError } from "@surprisal/core";
import { checkCount } from "../layers/dense.ts";
import { type Callback, checkCallbacks } from "./callback.ts";
import type { Examples } from "./examples.ts";
import { type ClassWeights, checkClassWeights } from "./sample-weights.ts";

/** Keras' options and defaults (`keras.Model.fit`). */
export interface FitOptions {
  /** Where to stop: the number of the last epoch, counted from 1 (default 1). */
  readonly epochs?: number;
  /** How many epochs there were before (default 0). */
  readonly initialEpoch?: number;
  /** How many rows make a step (default 32). */
  readonly batchSize?: number;
  /** The share of rows, from the end, that is not trained with but validated on. */
  readonly validationSplit?: number;
  /** Inputs, targets and perhaps weights to validate on after each epoch. */
  readonly validationData?: readonly [x: Examples, y: Examples, sampleWeight?: Examples];
  /**
   * Whether each epoch has an order of its own (default true). It is drawn from the seed and how many epochs came before, by
   * `initialEpoch` or with this compiled model: a second `fit` goes on where the first ended.
   */
  readonly shuffle?: boolean;
  /** What the order, and dropout, is drawn from (default: the model's). */
  readonly seed?: number;
  /** What a row of each class weighs; 1 if not given. */
  readonly classWeight?: ClassWeights;
  /**
   * What each row weighs in the loss; both multiply. A row of weight 0 is not trained with, whatever its numbers are: it comes
   * into no batch, and counts in no metric of training. Where no row weighs anything there is no step, and the loss is 0.
   */
  readonly sampleWeight?: Examples;
  readonly callbacks?: readonly Callback[];
  /** Stops after the step at hand: the promise rejects with the signal's reason, and the model is as that step left it. */
  readonly signal?: AbortSignal;
}

const known = [
  "epochs",
  "initialEpoch",
  "batchSize",
  "validationSplit",
  "validationData",
  "shuffle",
  "seed",
  "classWeight",
  "sampleWeight",
  "callbacks",
  "signal",
] as const;

/** Checks what `fit` is called with, before any work starts. */
export function checkFitOptions(options: FitOptions): void {
  checkKeys("fit", options, known);
  const { epochs = 1, initialEpoch = 0, batchSize = 32, validationSplit, validationData, callbacks = [] } = options;
  checkCount("fit", "batchSize", batchSize);
  for (const [name, count] of Object.entries({ epochs, initialEpoch })) {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new OptionError(`fit: ${name} is a whole number ≥ 0, not ${String(count)}`);
    }
  }
  checkCallbacks("fit", callbacks);
  if (options.classWeight !== undefined) checkClassWeights("fit", options.classWeight);
  if (validationSplit !== undefined && validationData !== undefined) {
    throw new OptionError("fit: validationSplit and validationData are two ways to say one thing; give one of them");
  }
}
