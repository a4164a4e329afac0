import type { LossTerms } from "@surprisal/core";
import { ROWS_IN_LANES } from "./block-sizes.ts";
import { addressOf, grainFor, type KernelTable, type Phase } from "./phase.ts";

/** Up to so many classes, four rows side by side fill vectors better than each does by itself. Spread targets pay for fewer. */
const MOST_CLASSES_IN_LANES = { oneTarget: 400, spread: 128 };

/** What a row costs beside its classes, in classes. */
const ROW_COST = 40;

/** What a capped class costs, in classes. */
const CAP_COST = 16;

export type LossPlan = KernelTable["softmaxCrossEntropy"];

/** Row losses, gradient and state, each row by one thread. */
export const wholeRows: LossPlan = (outputs, inputs, params) => {
  const { rows, classes, smoothing, scale, terms = neutral } = params;
  const isSpread = inputs.probabilities !== undefined || smoothing > 0;
  const isInLanes = terms.softcap === 0 && classes <= MOST_CLASSES_IN_LANES[isSpread ? "spread" : "oneTarget"];
  const args = [
    addressOf(outputs.rowLoss),
    addressOf(outputs.gradient),
    addressOf(outputs.state),
    ...operands(inputs),
    classes,
    1 - smoothing,
    smoothing / classes,
    scale,
    ...termsOf(terms),
  ];
  const rewrites = isInPlace(outputs, inputs);
  return isInLanes
    ? [
        {
          run: "softmaxCrossEntropyLanes",
          args: [...args, rows],
          blocks: Math.ceil(rows / ROWS_IN_LANES),
          grain: grainFor((classes + ROW_COST) * ROWS_IN_LANES),
          rewrites,
        },
      ]
    : [
        {
          run: "softmaxCrossEntropyRows",
          args: [...args, terms.softcap],
          blocks: rows,
          grain: grainFor((classes + ROW_COST) * (terms.softcap > 0 ? CAP_COST : 1)),
          rewrites,
        },
      ];
};

export const softmaxCrossEntropy: LossPlan = withDetails(wholeRows);

/** A plan for all that a call may ask for, from one for row losses, gradient and state. */
export function withDetails(planned: LossPlan): LossPlan {
  return (outputs, inputs, params, scratch, threads) => {
    const { rowLoss, gradient, state, diagnostics, temperatureSlope } = outputs;
    const isLossAsked = rowLoss !== undefined || gradient !== undefined || state !== undefined;
    const phases = isLossAsked ? planned(outputs, inputs, params, scratch, threads) : [];
    if (diagnostics === undefined && temperatureSlope === undefined) return phases;
    // First what is read of the logits: a gradient in place takes them.
    return [detailsPhase(outputs, inputs, params), ...phases];
  };
}

/** Whether a block replaces logits that it reads. */
export function isInPlace({ gradient }: Parameters<LossPlan>[0], { logits }: Parameters<LossPlan>[1]): boolean {
  return gradient !== undefined && gradient.address === logits.address;
}

/** Terms that say nothing. */
export const neutral: LossTerms = { inverseTemperature: 1, softcap: 0, zLoss: 0, focal: 0, poly: 0 };

/** Diagnostics and slopes by the temperature. */
function detailsPhase(
  { diagnostics, temperatureSlope }: Parameters<LossPlan>[0],
  { logits, labels, probabilities, classWeights, temperature }: Parameters<LossPlan>[1],
  { rows, classes, smoothing, terms = neutral }: Parameters<LossPlan>[2],
): Phase {
  return {
    run: "lossDetails",
    args: [
      ...[diagnostics, temperatureSlope, logits, labels, probabilities, classWeights, temperature].map(addressOf),
      classes,
      1 - smoothing,
      smoothing / classes,
      ...termsOf(terms),
      terms.softcap,
    ],
    blocks: rows,
    grain: grainFor(8 * classes),
  };
}

/** The terms that a row has without a cap. */
export function termsOf({ inverseTemperature, zLoss, focal, poly }: LossTerms): number[] {
  return [inverseTemperature, zLoss, focal, poly];
}

function operands(inputs: Parameters<LossPlan>[1]): number[] {
  const { logits, labels, probabilities, classWeights, rowScale, temperature } = inputs;
  return [logits, labels, probabilities, classWeights, rowScale, temperature].map(addressOf);
}
