import { checkKeys, OptionError, ShapeError, softmaxCrossEntropy, type Targets, type Tensor } from "@surprisal/core";
import { sameShape } from "../layers/same-shape.ts";
import { type BatchTargets, checkedMeasure, type Measure } from "./measure.ts";

export interface CrossentropyOptions {
  /** ε: targets become (1 − ε)·T + ε/C (default 0). */
  readonly labelSmoothing?: number;
}

/**
 * Softmax cross-entropy with class indices [rows] for targets (`keras.losses.SparseCategoricalCrossentropy`). It starts from
 * logits, of itself: from what goes into the softmax that a model ends with, or from the output where it ends with none.
 */
export function sparseCategoricalCrossentropy(options: CrossentropyOptions = {}): Measure {
  const name = "sparseCategoricalCrossentropy";
  return crossentropy(name, options, ({ labels, shape }, logits) => {
    if (labels.length === rowsIn(logits)) return { labels };
    throw new ShapeError(
      `${name}: targets [${shape.join(", ")}] are not one class index for each row of the logits [${logits.shape.join(", ")}]; for one-hot rows take categoricalCrossentropy`,
    );
  });
}

/** As {@link sparseCategoricalCrossentropy}, with one-hot rows or distributions [rows, classes] for targets. */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): Measure {
  const name = "categoricalCrossentropy";
  return crossentropy(name, options, ({ shape, tensor }, logits) => {
    if (sameShape(shape, logits.shape)) return { probabilities: tensor() };
    throw new ShapeError(
      `${name}: targets [${shape.join(", ")}] are not distributions like the logits [${logits.shape.join(", ")}]; for class indices take sparseCategoricalCrossentropy`,
    );
  });
}

function crossentropy(
  name: string,
  options: CrossentropyOptions,
  targetsOf: (targets: BatchTargets, logits: Tensor) => Targets,
): Measure {
  checkKeys(name, options, ["labelSmoothing"]);
  const { labelSmoothing = 0 } = options;
  return {
    name,
    on: "logits",
    rows: (logits, targets) =>
      softmaxCrossEntropy(logits, targetsOf(targets, logits), { labelSmoothing, reduction: "none" }),
    mean: (logits, targets) => ({
      mean: softmaxCrossEntropy(logits, targetsOf(targets, logits), { labelSmoothing }),
      count: rowsIn(logits),
    }),
    weightedMean(logits, targets, rowWeights) {
      if (logits.rank !== 2) {
        throw new ShapeError(`${name}: weights are one for each row, and the logits are [${logits.shape.join(", ")}]`);
      }
      return softmaxCrossEntropy(logits, targetsOf(targets, logits), { labelSmoothing, rowWeights });
    },
  };
}

function rowsIn(logits: Tensor): number {
  return logits.size / (logits.shape.at(-1) || 1);
}

/** A loss of one's own: a number for each row, from what the model gives. */
export type LossFunction = (output: Tensor, targets: BatchTargets) => Tensor;

/** A loss by its name in Keras, as a measure, or as a function. */
export type Loss = LossName | Measure | LossFunction;

export type LossName =
  | "sparse_categorical_crossentropy"
  | "sparseCategoricalCrossentropy"
  | "categorical_crossentropy"
  | "categoricalCrossentropy";

const named: Readonly<Record<LossName, () => Measure>> = {
  sparse_categorical_crossentropy: sparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
  categorical_crossentropy: categoricalCrossentropy,
  categoricalCrossentropy,
};

/** The measure that a loss stands for. */
export function lossOf(loss: Loss): Measure {
  if (typeof loss === "function") return { name: loss.name || "loss", on: "output", rows: loss };
  if (typeof loss === "object" && loss !== null) return checkedMeasure("compile", loss);
  if (Object.hasOwn(named, loss)) return named[loss]();
  throw new OptionError(
    `compile: there is no loss "${String(loss)}"; there are ${Object.keys(named).join(", ")}, or a function of (output, targets)`,
  );
}
