import type { LossTerms } from "@surprisal/core";
import { addressOf, grainFor, type KernelTable, type Phase } from "./phase.ts";

/**
 * Up to so many classes, four rows side by side fill vectors better than each does by itself. Targets that are spread over
 * the classes are float64 there, which pays for fewer.
 */
const MOST_CLASSES_IN_LANES = { oneTarget: 128, spread: 48 };

type Plan = KernelTable["softmaxCrossEntropy"];

export const softmaxCrossEntropy: Plan = (outputs, inputs, params, scratch) => {
  const { rowLoss, gradient, state, diagnostics } = outputs;
  if (params.terms !== undefined) return [termRows(outputs, inputs, params)];
  const isLossAsked = rowLoss !== undefined || gradient !== undefined || state !== undefined;
  if (diagnostics === undefined) return lossPhases(outputs, inputs, params, scratch);
  // First the diagnostics: a gradient in place takes the logits.
  const diagnosed = termRows({ diagnostics }, inputs, params);
  return isLossAsked ? [diagnosed, ...lossPhases(outputs, inputs, params, scratch)] : [diagnosed];
};

const lossPhases: Plan = (outputs, inputs, params) => {
  const { rows, classes, smoothing, scale } = params;
  const args = [
    addressOf(outputs.rowLoss),
    addressOf(outputs.gradient),
    addressOf(outputs.state),
    ...operands(inputs),
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

const neutral: LossTerms = { inverseTemperature: 1, softcap: 0, zLoss: 0, focal: 0, poly: 0 };

function termRows(outputs: Parameters<Plan>[0], inputs: Parameters<Plan>[1], params: Parameters<Plan>[2]): Phase {
  const { rows, classes, smoothing, scale, terms = neutral } = params;
  const { inverseTemperature, softcap, zLoss, focal, poly } = terms;
  return {
    run: "softmaxCrossEntropyTermRows",
    args: [
      addressOf(outputs.rowLoss),
      addressOf(outputs.gradient),
      addressOf(outputs.state),
      addressOf(outputs.diagnostics),
      ...operands(inputs),
      classes,
      1 - smoothing,
      smoothing / classes,
      scale,
      inverseTemperature,
      softcap,
      zLoss,
      focal,
      poly,
    ],
    blocks: rows,
    grain: grainFor(classes * 4),
  };
}

function operands(inputs: Parameters<Plan>[1]): number[] {
  const { logits, labels, probabilities, classWeights, rowScale } = inputs;
  return [logits.address, ...[labels, probabilities, classWeights, rowScale].map(addressOf)];
}
