import type { LossTerms } from "@surprisal/core";
import { CLASS_BLOCK, PARTIAL_BYTES, ROWS_IN_LANES, STAGE_BYTES } from "./block-sizes.ts";
import { addressOf, grainFor, type KernelTable, type Phase, type Scratch } from "./phase.ts";

/** Up to so many classes, four rows side by side fill vectors better than each does by itself. Spread targets pay for fewer. */
const MOST_CLASSES_IN_LANES = { oneTarget: 400, spread: 128 };

/** What a row costs beside its classes, in classes. */
const ROW_COST = 40;

/** Shorter rows are not cut for several threads, nor fewer logits (some 40 µs of work), nor more rows than so many for each. */
const SPLIT_FROM = 8 * CLASS_BLOCK;
const SPLIT_FROM_LOGITS = 2 ** 16;
const FEW_ROWS = 4;

/** What a capped class costs, in classes. */
const CAP_COST = 16;

type Plan = KernelTable["softmaxCrossEntropy"];

export const softmaxCrossEntropy: Plan = (outputs, inputs, params, scratch, threads) => {
  const { rowLoss, gradient, state, diagnostics, temperatureSlope } = outputs;
  const isLossAsked = rowLoss !== undefined || gradient !== undefined || state !== undefined;
  const phases = isLossAsked ? lossPhases(outputs, inputs, params, scratch, threads) : [];
  if (diagnostics === undefined && temperatureSlope === undefined) return phases;
  // First what is read of the logits: a gradient in place takes them.
  return [detailsPhase(outputs, inputs, params), ...phases];
};

const lossPhases: Plan = (outputs, inputs, params, scratch, threads = 1) => {
  const { rows, classes, smoothing, scale, terms = neutral } = params;
  const isSpread = inputs.probabilities !== undefined || smoothing > 0;
  const isInLanes = terms.softcap === 0 && classes <= MOST_CLASSES_IN_LANES[isSpread ? "spread" : "oneTarget"];
  const isLong = classes >= SPLIT_FROM && rows * classes >= SPLIT_FROM_LOGITS;
  if (threads > 1 && isLong && rows < FEW_ROWS * threads && terms.softcap === 0)
    return splitRows(outputs, inputs, params, scratch);
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

/** Few long rows, cut into blocks of classes: see assembly/loss/split-rows.ts. */
function splitRows(
  outputs: Parameters<Plan>[0],
  inputs: Parameters<Plan>[1],
  { rows, classes, smoothing, scale, terms = neutral }: Parameters<Plan>[2],
  scratch: Scratch,
): readonly Phase[] {
  const gradient = addressOf(outputs.gradient);
  const state = addressOf(outputs.state);
  const logits = inputs.logits.address;
  const labels = addressOf(inputs.labels);
  const probabilities = addressOf(inputs.probabilities);
  const classWeights = addressOf(inputs.classWeights);
  const blocks = rows * Math.ceil(classes / CLASS_BLOCK);
  const maxima = scratch(4 * blocks);
  const stages = scratch(STAGE_BYTES * rows);
  const partials = scratch(PARTIAL_BYTES * blocks);
  // As in the whole rows: a label can stay out of the sum, whatever else is asked for needs the likeliest class out of it.
  const isSpread = probabilities !== 0 || smoothing > 0;
  const excludesLabels = labels !== 0 && !isSpread && state === 0;
  const temperature = addressOf(inputs.temperature);
  const t = [temperature, terms.inverseTemperature];
  const targets = [classes, Number(isSpread), 1 - smoothing, smoothing / classes];
  const rewrites = isInPlace(outputs, inputs);
  // A guess that is no good costs a second look at the logits.
  const isGuessing = excludesLabels && !rewrites;
  const grain = grainFor(CLASS_BLOCK);
  const byRow = { blocks: rows, grain: rows };
  const exps = (sought: number): Omit<Phase, "grain"> => ({
    run: "lossExps",
    args: [partials, sought, gradient, stages, logits, probabilities, classWeights, ...targets, ...t],
    blocks,
    rewrites,
  });
  const stagesArgs = [stages, maxima, logits, labels, addressOf(inputs.rowScale), classes];
  const started: Phase = {
    run: "lossStages",
    args: [...stagesArgs, Number(excludesLabels), Number(isGuessing), scale, ...t],
    ...byRow,
  };
  const guessArgs = [stages, logits, labels, temperature, classes, terms.inverseTemperature];
  const phases: Phase[] = [
    ...(isGuessing
      ? [
          { run: "lossGuesses", args: guessArgs, ...byRow } as const,
          { ...exps(maxima), grain },
          started,
          // Hardly ever is there anything to be made again, so nobody is asked to help.
          { ...exps(0), grain: blocks },
        ]
      : [
          {
            run: "lossLargest",
            args: [maxima, logits, excludesLabels ? labels : 0, classes],
            blocks,
            grain: 4 * grain,
          } as const,
          started,
          { ...exps(0), grain },
        ]),
    {
      run: "lossResults",
      args: [
        addressOf(outputs.rowLoss),
        state,
        stages,
        partials,
        logits,
        labels,
        probabilities,
        classWeights,
        ...targets,
        temperature,
        ...termsOf(terms),
      ],
      ...byRow,
    },
  ];
  if (gradient === 0) return phases;
  // The exponentials of a block become its gradient where they stand.
  const args = [gradient, stages, probabilities, classWeights, ...targets];
  return [...phases, { run: "lossGradients", args, blocks, grain: 2 * grain, rewrites: true }];
}

/** Whether a block replaces logits that it reads. */
function isInPlace({ gradient }: Parameters<Plan>[0], { logits }: Parameters<Plan>[1]): boolean {
  return gradient !== undefined && gradient.address === logits.address;
}

const neutral: LossTerms = { inverseTemperature: 1, softcap: 0, zLoss: 0, focal: 0, poly: 0 };

/** Diagnostics and slopes by the temperature. */
function detailsPhase(
  { diagnostics, temperatureSlope }: Parameters<Plan>[0],
  { logits, labels, probabilities, classWeights, temperature }: Parameters<Plan>[1],
  { rows, classes, smoothing, terms = neutral }: Parameters<Plan>[2],
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
function termsOf({ inverseTemperature, zLoss, focal, poly }: LossTerms): number[] {
  return [inverseTemperature, zLoss, focal, poly];
}

function operands(inputs: Parameters<Plan>[1]): number[] {
  const { logits, labels, probabilities, classWeights, rowScale, temperature } = inputs;
  return [logits, labels, probabilities, classWeights, rowScale, temperature].map(addressOf);
}
