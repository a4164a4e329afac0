import type { LossTerms } from "@surprisal/core";
import { addressOf, grainFor, type KernelTable, type Phase, type Scratch } from "./phase.ts";

/**
 * Up to so many classes, four rows side by side fill vectors better than each does by itself. Targets that are spread over
 * the classes are float64 there, which pays for fewer.
 */
const MOST_CLASSES_IN_LANES = { oneTarget: 128, spread: 48 };

/** What a row costs beside its classes, in classes. */
const ROW_COST = 40;

/** As in assembly/loss: classes of a block, bytes of what a block leaves, and of a row's stage. */
const CLASS_BLOCK = 4096;
const PARTIAL_BYTES = 40;
const STAGE_BYTES = 128;

/** Shorter rows are not cut for several threads, nor fewer logits (some 40 µs of work), nor more rows than so many for each. */
const SPLIT_FROM = 8 * CLASS_BLOCK;
const SPLIT_FROM_LOGITS = 2 ** 16;
const FEW_ROWS = 4;

type Plan = KernelTable["softmaxCrossEntropy"];

export const softmaxCrossEntropy: Plan = (outputs, inputs, params, scratch, threads) => {
  const { rowLoss, gradient, state, diagnostics } = outputs;
  if (params.terms !== undefined) return [termRows(outputs, inputs, params)];
  const isLossAsked = rowLoss !== undefined || gradient !== undefined || state !== undefined;
  if (diagnostics === undefined) return lossPhases(outputs, inputs, params, scratch, threads);
  // First the diagnostics: a gradient in place takes the logits.
  const diagnosed = termRows({ diagnostics }, inputs, params);
  return isLossAsked ? [diagnosed, ...lossPhases(outputs, inputs, params, scratch, threads)] : [diagnosed];
};

const lossPhases: Plan = (outputs, inputs, params, scratch, threads = 1) => {
  const { rows, classes, smoothing, scale } = params;
  const isSpread = inputs.probabilities !== undefined || smoothing > 0;
  const isInLanes = classes <= MOST_CLASSES_IN_LANES[isSpread ? "spread" : "oneTarget"];
  const isLong = classes >= SPLIT_FROM && rows * classes >= SPLIT_FROM_LOGITS;
  if (threads > 1 && isLong && rows < FEW_ROWS * threads) return splitRows(outputs, inputs, params, scratch);
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
  const rewrites = isInPlace(outputs, inputs);
  return isInLanes
    ? [
        {
          run: "softmaxCrossEntropyLanes",
          args: [...args, rows],
          blocks: Math.ceil(rows / 4),
          grain: grainFor((classes + ROW_COST) * 4),
          rewrites,
        },
      ]
    : [{ run: "softmaxCrossEntropyRows", args, blocks: rows, grain: grainFor(classes + ROW_COST), rewrites }];
};

/** Few long rows, cut into blocks of classes: see assembly/loss/split-rows.ts. */
function splitRows(
  outputs: Parameters<Plan>[0],
  inputs: Parameters<Plan>[1],
  { rows, classes, smoothing, scale }: Parameters<Plan>[2],
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
  const targets = [classes, Number(isSpread), 1 - smoothing, smoothing / classes];
  const rewrites = isInPlace(outputs, inputs);
  // A guess that is no good costs a second look at the logits.
  const isGuessing = excludesLabels && !rewrites;
  const grain = grainFor(CLASS_BLOCK);
  const byRow = { blocks: rows, grain: rows };
  const exps = (sought: number): Omit<Phase, "grain"> => ({
    run: "lossExps",
    args: [partials, sought, gradient, stages, logits, probabilities, classWeights, ...targets],
    blocks,
    rewrites,
  });
  const stagesArgs = [stages, maxima, logits, labels, addressOf(inputs.rowScale), classes];
  const started: Phase = {
    run: "lossStages",
    args: [...stagesArgs, Number(excludesLabels), Number(isGuessing), scale],
    ...byRow,
  };
  const phases: Phase[] = [
    ...(isGuessing
      ? [
          { run: "lossGuesses", args: [stages, logits, labels, classes], ...byRow } as const,
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
      addressOf(outputs.temperatureSlope),
      ...operands(inputs),
      addressOf(inputs.temperature),
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
    rewrites: isInPlace(outputs, inputs),
  };
}

function operands(inputs: Parameters<Plan>[1]): number[] {
  const { logits, labels, probabilities, classWeights, rowScale } = inputs;
  return [logits.address, ...[labels, probabilities, classWeights, rowScale].map(addressOf)];
}
