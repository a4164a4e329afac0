import { addressOf, grainFor, type KernelTable } from "./phase.ts";

/**
 * Up to so many classes, four rows side by side fill vectors better than each does by itself. Targets that are spread over
 * the classes are float64 there, which pays for fewer.
 */
const MOST_CLASSES_IN_LANES = { oneTarget: 128, spread: 48 };

export const softmaxCrossEntropy: KernelTable["softmaxCrossEntropy"] = (outputs, inputs, params) => {
  const { rows, classes, smoothing, scale } = params;
  const args = [
    addressOf(outputs.rowLoss),
    addressOf(outputs.gradient),
    addressOf(outputs.state),
    inputs.logits.address,
    addressOf(inputs.labels),
    addressOf(inputs.probabilities),
    addressOf(inputs.classWeights),
    addressOf(inputs.rowScale),
    classes,
    1 - smoothing,
    smoothing / classes,
    scale,
  ];
  const isSpread = inputs.probabilities !== undefined || smoothing > 0;
  return classes <= MOST_CLASSES_IN_LANES[isSpread ? "spread" : "oneTarget"]
    ? [
        {
          run: "softmaxCrossEntropyLanes",
          args: [...args, rows],
          blocks: Math.ceil(rows / 4),
          grain: grainFor(classes * 4),
        },
      ]
    : [{ run: "softmaxCrossEntropyRows", args, blocks: rows, grain: grainFor(classes) }];
};
