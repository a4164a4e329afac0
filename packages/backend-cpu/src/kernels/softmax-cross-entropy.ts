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

/** Rows of fewer classes are not cut for several threads, nor are more rows than so many for each thread. */
const SPLIT_FROM = 8 * CLASS_BLOCK;
const FEW_ROWS = 4;

export const softmaxCrossEntropy: KernelTable["softmaxCrossEntropy"] = (
  outputs,
  inputs,
  params,
  scratch,
  threads = 1,
) => {
  const { rows, classes, smoothing, scale } = params;
  const call: Call = {
    rowLoss: addressOf(outputs.rowLoss),
    gradient: addressOf(outputs.gradient),
    state: addressOf(outputs.state),
    logits: inputs.logits.address,
    labels: addressOf(inputs.labels),
    probabilities: addressOf(inputs.probabilities),
    classWeights: addressOf(inputs.classWeights),
    rowScale: addressOf(inputs.rowScale),
    rows,
    classes,
    keep: 1 - smoothing,
    share: smoothing / classes,
    scale,
    isSpread: inputs.probabilities !== undefined || smoothing > 0,
  };
  if (classes <= MOST_CLASSES_IN_LANES[call.isSpread ? "spread" : "oneTarget"]) {
    return [
      {
        run: "softmaxCrossEntropyLanes",
        args: [...wholeRows(call), rows],
        blocks: Math.ceil(rows / 4),
        grain: grainFor((classes + ROW_COST) * 4),
      },
    ];
  }
  if (threads > 1 && classes >= SPLIT_FROM && rows < FEW_ROWS * threads) return splitRows(call, scratch);
  return [{ run: "softmaxCrossEntropyRows", args: wholeRows(call), blocks: rows, grain: grainFor(classes + ROW_COST) }];
};

interface Call {
  readonly rowLoss: number;
  readonly gradient: number;
  readonly state: number;
  readonly logits: number;
  readonly labels: number;
  readonly probabilities: number;
  readonly classWeights: number;
  readonly rowScale: number;
  readonly rows: number;
  readonly classes: number;
  readonly keep: number;
  readonly share: number;
  readonly scale: number;
  readonly isSpread: boolean;
}

function wholeRows(call: Call): number[] {
  const { rowLoss, gradient, state, logits, labels, probabilities, classWeights, rowScale } = call;
  const { classes, keep, share, scale } = call;
  return [
    ...[rowLoss, gradient, state, logits, labels, probabilities, classWeights, rowScale],
    ...[classes, keep, share, scale],
  ];
}

/** Few long rows, cut into blocks of classes: see assembly/loss/split-rows.ts. */
function splitRows(call: Call, scratch: Scratch): readonly Phase[] {
  const { rowLoss, gradient, state, logits, labels, probabilities, classWeights, rowScale, rows, classes } = call;
  const { keep, share, scale } = call;
  const blocks = rows * Math.ceil(classes / CLASS_BLOCK);
  const maxima = scratch(4 * blocks);
  const stages = scratch(STAGE_BYTES * rows);
  const partials = scratch(PARTIAL_BYTES * blocks);
  // As in the whole rows: a label can stay out of the sum, whatever else is asked for needs the likeliest class out of it.
  const excludesLabels = labels !== 0 && !call.isSpread && state === 0;
  const isSpread = Number(call.isSpread);
  const byBlock = { blocks, grain: grainFor(CLASS_BLOCK) };
  const byRow = { blocks: rows, grain: rows };
  const phases: Phase[] = [
    {
      run: "lossLargest",
      args: [maxima, logits, excludesLabels ? labels : 0, classes],
      blocks,
      grain: 4 * byBlock.grain,
    },
    {
      run: "lossStages",
      args: [stages, maxima, logits, labels, rowScale, classes, Number(excludesLabels), scale],
      ...byRow,
    },
    {
      run: "lossExps",
      args: [partials, gradient, stages, logits, probabilities, classWeights, classes, isSpread, keep, share],
      ...byBlock,
    },
    {
      run: "lossResults",
      args: [
        ...[rowLoss, state, stages, partials, logits, labels, probabilities, classWeights],
        ...[classes, isSpread, keep, share],
      ],
      ...byRow,
    },
  ];
  if (gradient === 0) return phases;
  const args = [gradient, stages, probabilities, classWeights, classes, isSpread, keep, share];
  // The exponentials of a block become its gradient where they stand.
  return [...phases, { run: "lossGradients", args, blocks, grain: 2 * byBlock.grain, rewrites: true }];
}
