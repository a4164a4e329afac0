import type { HostArray, RequiredKernels } from "@surprisal/core";
import { AXIS_BLOCK, blockSums } from "./block-sums.ts";

const sumRest = blockSums(1, AXIS_BLOCK);
const sumTargets = blockSums(3, AXIS_BLOCK);

/** The formulas of the contract, with its names (z, m, k, s′, T, S, u), row by row in float64. */
export const softmaxCrossEntropy: RequiredKernels<HostArray>["softmaxCrossEntropy"] = (outputs, inputs, params) => {
  const { rowLoss, gradient, state } = outputs;
  const { logits, labels, probabilities, classWeights, rowScale } = inputs;
  const { rows, classes, inner, smoothing, scale } = params;
  const share = smoothing / classes;

  for (let row = 0; row < rows; row++) {
    const label = labels?.[row];
    const ignored = label === -1;
    const first = Math.floor(row / inner) * classes * inner + (row % inner);
    const [m, k, rest] = ignored ? identity : rowState(logits, first, inner, classes);
    state?.set([m, k, rest], row * 3);
    if (!rowLoss && !gradient) continue;

    if (!Number.isFinite(m)) {
      const value = ignored ? 0 : Number.NaN;
      if (rowLoss) rowLoss[row] = value;
      if (gradient) for (let j = 0; j < classes; j++) gradient[first + j * inner] = value;
      continue;
    }

    const target = (j: number): number => {
      const w = classWeights ? classWeights[j]! : 1;
      if (probabilities) return w * ((1 - smoothing) * probabilities[first + j * inner]! + share);
      return (j === label ? (1 - smoothing) * w : 0) + (share > 0 ? share * w : 0);
    };
    // S, Σ_{j≠k} T_j and Σ T_j·(m − z_j); a T_j of 0 is skipped, so that 0·∞ is 0.
    const sums = sumTargets(classes, (block, j) => {
      const T = target(j);
      if (T === 0) return;
      block[0]! += T;
      if (j !== k) block[1]! += T;
      block[2]! += T * (m - logits[first + j * inner]!);
    });
    const S = sums[0]!;
    const others = sums[1]!;
    if (rowLoss) rowLoss[row] = sums[2]! + S * Math.log1p(rest);
    if (!gradient) continue;

    const u = scale * (rowScale ? rowScale[row]! : 1);
    for (let j = 0; j < classes; j++) {
      const at = first + j * inner;
      // With p_k = 1/(1 + s′) and S = others + T_k, S·p_k − T_k is (others − T_k·s′)/(1 + s′): nothing cancels.
      const difference =
        j === k ? (others - target(j) * rest) / (1 + rest) : (S * Math.exp(logits[at]! - m)) / (1 + rest) - target(j);
      gradient[at] = u * difference;
    }
  }
};

/** (m, k, s′) of a row. */
type RowState = readonly [m: number, k: number, rest: number];

const identity: RowState = [-Infinity, -1, 0];

function rowState(logits: HostArray, first: number, step: number, classes: number): RowState {
  let m = -Infinity;
  let k = -1;
  for (let j = 0; j < classes; j++) {
    const z = logits[first + j * step]!;
    if (Number.isNaN(z)) return [Number.NaN, -1, Number.NaN];
    if (z > m) {
      m = z;
      k = j;
    }
  }
  if (m === Infinity) return [m, k, Number.NaN];
  if (m === -Infinity) return identity;

  const sums = sumRest(classes, (block, j) => {
    if (j !== k) block[0]! += Math.exp(logits[first + j * step]! - m);
  });
  return [m, k, sums[0]!];
}
