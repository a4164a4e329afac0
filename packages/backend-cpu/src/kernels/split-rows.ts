// Few long rows of the loss, cut into blocks of classes for several threads: see assembly/loss/split-rows.ts.
import { CLASS_BLOCK, PARTIAL_BYTES, STAGE_BYTES } from "./block-sizes.ts";
import { addressOf, grainFor, type Phase, type Scratch } from "./phase.ts";
import { isInPlace, type LossPlan, neutral, termsOf, wholeRows, withDetails } from "./softmax-cross-entropy.ts";

/** Shorter rows are not cut, nor fewer logits (some 40 µs of work), nor more rows than so many for each thread. */
const SPLIT_FROM = 8 * CLASS_BLOCK;
const SPLIT_FROM_LOGITS = 2 ** 16;
const FEW_ROWS = 4;

const sharedRows: LossPlan = (outputs, inputs, params, scratch, threads = 1) => {
  const { rows, classes, terms = neutral } = params;
  const isLong = classes >= SPLIT_FROM && rows * classes >= SPLIT_FROM_LOGITS;
  const isCut = threads > 1 && isLong && rows < FEW_ROWS * threads && terms.softcap === 0;
  return isCut ? splitRows(outputs, inputs, params, scratch) : wholeRows(outputs, inputs, params, scratch);
};

/** The loss, for as many threads as there are. */
export const threadedSoftmaxCrossEntropy: LossPlan = withDetails(sharedRows);

function splitRows(
  outputs: Parameters<LossPlan>[0],
  inputs: Parameters<LossPlan>[1],
  { rows, classes, smoothing, scale, terms = neutral }: Parameters<LossPlan>[2],
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
