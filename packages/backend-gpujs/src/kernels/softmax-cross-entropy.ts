import type { RequiredKernels, SoftmaxCrossEntropyParams } from "@surprisal/core";
import { type Launch, temporary } from "../call.ts";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { gradientSource, RECORD, recordSource } from "./loss/gradients.ts";
import { rowLossSource } from "./loss/row-losses.ts";
import { rowStates } from "./loss/row-states.ts";
import { isOneHot, type LossStructure } from "./loss/structure.ts";
import { targetSums } from "./loss/target-sums.ts";
import { requireCount } from "./source.ts";

type SoftmaxCrossEntropy = RequiredKernels<Cell>["softmaxCrossEntropy"];
type Inputs = Parameters<SoftmaxCrossEntropy>[1];

function structureOf(inputs: Inputs, { smoothing, terms }: SoftmaxCrossEntropyParams): LossStructure {
  const { labels, probabilities, classWeights, rowScale } = inputs;
  const scaling = terms === undefined ? "none" : terms.softcap !== 0 ? "softcap" : "temperature";
  return {
    targets: labels ? "labels" : probabilities && "probabilities",
    smoothed: smoothing > 0,
    classWeights: classWeights !== undefined,
    rowScale: rowScale !== undefined,
    scaling,
    zLoss: terms !== undefined && terms.zLoss !== 0,
    focalOrPoly: terms !== undefined && (terms.focal !== 0 || terms.poly !== 0),
  };
}

/** The values, in the order of `numbers`; what is derived is formed in float64. */
function valuesOf({ classes, smoothing, scale, terms }: SoftmaxCrossEntropyParams): number[] {
  const { inverseTemperature = 1, softcap = 0, zLoss = 0, focal = 0, poly = 0 } = terms ?? {};
  const { POSITIVE_INFINITY, NaN: nan } = Number;
  return [
    1 - smoothing,
    smoothing / classes,
    scale,
    inverseTemperature,
    softcap,
    zLoss,
    focal,
    poly,
    POSITIVE_INFINITY,
    nan,
  ];
}

/** The fused loss: row states, sums of the targets where they are not one-hot, and from these losses and gradients. */
export const softmaxCrossEntropy = (queue: Queue): { softmaxCrossEntropy: SoftmaxCrossEntropy } => ({
  softmaxCrossEntropy(outputs, inputs, params) {
    const { logits, labels, probabilities, classWeights, rowScale } = inputs;
    const { rows, classes } = params;
    if (rows === 0) return;
    requireCount("softmaxCrossEntropy", "rows", rows);
    const sizes = [classes];
    const structure = structureOf(inputs, params);
    const numbers = valuesOf(params);
    const targets = [labels, probabilities, classWeights].filter(isCell);
    const launches: Launch[] = [];
    const temporaries: Cell[] = [];
    const make = (length: number): Cell => {
      const cell = temporary(length);
      temporaries.push(cell);
      return cell;
    };
    const add = (made: { readonly launches: readonly Launch[]; readonly temporaries: readonly Cell[] }): void => {
      launches.push(...made.launches);
      temporaries.push(...made.temporaries);
    };

    const state = outputs.state ?? inputs.state ?? make(3 * rows);
    if (outputs.state || !inputs.state) add(rowStates(state, { logits, labels }, params, structure, numbers));
    const read = [logits, state];
    if (!isOneHot(structure) && (outputs.rowLoss || outputs.gradient)) {
      const sums = make(2 * rows);
      add(targetSums(sums, [logits, state, ...targets], params, structure, numbers));
      read.push(sums);
    }
    read.push(...targets);
    if (outputs.rowLoss) {
      launches.push({ output: outputs.rowLoss, source: rowLossSource(structure), inputs: read, sizes, numbers });
    }
    if (outputs.gradient) {
      const records = make(RECORD * rows);
      const scaled = rowScale ? [...read, rowScale] : read;
      launches.push({ output: records, source: recordSource(structure), inputs: scaled, sizes, numbers });
      const sources = isOneHot(structure) ? [logits, records] : [logits, records, ...targets];
      // Last: it may take the place of the logits.
      launches.push({ output: outputs.gradient, source: gradientSource(structure), inputs: sources, sizes, numbers });
    }
    queue.call({
      outputs: [outputs.rowLoss, outputs.gradient, outputs.state].filter(isCell),
      inputs: [logits, ...targets, rowScale, inputs.state].filter(isCell),
      launches,
      temporaries,
      marked: true,
    });
  },
});

const isCell = (cell: Cell | undefined): cell is Cell => cell !== undefined;
