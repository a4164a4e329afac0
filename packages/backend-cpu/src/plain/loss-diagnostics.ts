import type { HostArray } from "@surprisal/core";
import { AXIS_BLOCK, blockSums } from "./block-sums.ts";

const sumEntropy = blockSums(1, AXIS_BLOCK);

/** Where the classes of a row stand, and what its loss has computed. */
export interface DiagnosedRow {
  readonly first: number;
  readonly step: number;
  readonly classes: number;
  /** s′. */
  readonly rest: number;
  /** m − z′_j. */
  readonly below: (j: number) => number;
}

/** (rank, entropy, margin) of a row whose label is y. */
export function rowDiagnostics(logits: HostArray, row: DiagnosedRow, y: number): readonly number[] {
  const { first, step, classes, rest, below } = row;
  const own = logits[first + y * step]!;
  let rank = 0;
  let nearest = Number.POSITIVE_INFINITY;
  for (let j = 0; j < classes; j++) {
    if (j === y) continue;
    const z = logits[first + j * step]!;
    if (z > own || (z === own && j < y)) rank++;
    nearest = Math.min(nearest, below(j));
  }
  const spread = sumEntropy(classes, (run, j) => {
    const p = Math.exp(-below(j)) / (1 + rest);
    if (p > 0) run[0]! += p * below(j);
  })[0]!;
  return [rank, Math.log1p(rest) + spread, nearest - below(y)];
}

/** The first class of the largest probability: what stands for the label where there is none. */
export function likeliestTarget(probabilities: HostArray, { first, step, classes }: DiagnosedRow): number {
  let y = 0;
  for (let j = 1; j < classes; j++) {
    if (probabilities[first + j * step]! > probabilities[first + y * step]!) y = j;
  }
  return y;
}
