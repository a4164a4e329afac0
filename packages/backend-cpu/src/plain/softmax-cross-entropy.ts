import type { HostArray, RequiredKernels } from "@surprisal/core";
import { AXIS_BLOCK, blockSums } from "./block-sums.ts";
import { focalPolyFactor, focalPolyLoss, type LabelPart } from "./label-factors.ts";
import { likeliestTarget, rowDiagnostics } from "./loss-diagnostics.ts";
import { type ScaledLogits, scaledLogits } from "./scaled-logits.ts";

const sumRest = blockSums(1, AXIS_BLOCK);
const sumTargets = blockSums(3, AXIS_BLOCK);
const sumDrifts = blockSums(2, AXIS_BLOCK);

/** The formulas of the contract, with its names (z, z′, m, k, s′, T, S, F, u), row by row in float64. */
export const softmaxCrossEntropy: RequiredKernels<HostArray>["softmaxCrossEntropy"] = (outputs, inputs, params) => {
  const { rowLoss, gradient, state, diagnostics, temperatureSlope } = outputs;
  const { logits, labels, probabilities, classWeights, rowScale, temperature } = inputs;
  const { rows, classes, inner, smoothing, scale, terms } = params;
  const share = smoothing / classes;
  const scaled = scaledLogits(terms, temperature?.[0]);
  const hasFactor = terms !== undefined && (terms.focal !== 0 || terms.poly !== 0);

  for (let row = 0; row < rows; row++) {
    const label = labels?.[row];
    const ignored = label === -1;
    const first = Math.floor(row / inner) * classes * inner + (row % inner);
    const [m, k, rest] = ignored ? identity : rowState(logits, first, inner, classes, scaled);
    state?.set([m, k, rest], row * 3);
    if (!rowLoss && !gradient && !diagnostics && !temperatureSlope) continue;

    if (k < 0 || Number.isNaN(rest)) {
      const value = ignored ? 0 : Number.NaN;
      if (rowLoss) rowLoss[row] = value;
      if (gradient) for (let j = 0; j < classes; j++) gradient[first + j * inner] = value;
      diagnostics?.set([ignored ? -1 : value, value, value], row * 3);
      if (temperatureSlope) temperatureSlope[row] = value;
      continue;
    }

    const top = logits[first + k * inner]!;
    const below = (j: number): number => scaled.below(top, logits[first + j * inner]!);
    const target = (j: number): number => {
      const w = classWeights ? classWeights[j]! : 1;
      if (probabilities) return w * ((1 - smoothing) * probabilities[first + j * inner]! + share);
      return (j === label ? (1 - smoothing) * w : 0) + (share > 0 ? share * w : 0);
    };
    // S, Σ_{j≠k} T_j and Σ T_j·(m − z′_j); a T_j of 0 is skipped, so that 0·∞ is 0.
    const sums = sumTargets(classes, (block, j) => {
      const T = target(j);
      if (T === 0) return;
      block[0]! += T;
      if (j !== k) block[1]! += T;
      block[2]! += T * below(j);
    });
    const S = sums[0]!;
    const others = sums[1]!;
    const loss = sums[2]! + S * Math.log1p(rest);
    const lse = m + Math.log1p(rest);
    const part = hasFactor ? labelPart(label!, k, rest, below, classWeights) : undefined;
    if (diagnostics) {
      const place = { first, step: inner, classes, rest, below };
      const y = probabilities ? likeliestTarget(probabilities, place) : label!;
      diagnostics.set(rowDiagnostics(logits, place, y), row * 3);
    }
    const squared = terms === undefined || terms.zLoss === 0 ? 0 : terms.zLoss * lse ** 2;
    if (rowLoss) rowLoss[row] = (part ? focalPolyLoss(loss, part, terms!) : loss) + squared;
    if (!gradient && !temperatureSlope) continue;

    const F = part ? focalPolyFactor(part, terms!) : 1;
    const pull = terms === undefined || terms.zLoss === 0 ? 0 : 2 * terms.zLoss * lse;
    if (temperatureSlope) {
      const drifts = sumDrifts(classes, (block, j) => {
        if (j === k) return;
        const w = scaled.drift(top, logits[first + j * inner]!);
        const e = Math.exp(-below(j));
        const T = target(j);
        if (e > 0) block[0]! += e * w;
        if (T !== 0) block[1]! += T * w;
      });
      const mean = drifts[0]! / (1 + rest);
      temperatureSlope[row] = F * (S * mean - drifts[1]!) + (pull === 0 ? 0 : pull * (mean + scaled.topDrift(top)));
    }
    if (!gradient) continue;

    const u = scale * (rowScale ? rowScale[row]! : 1);
    for (let j = 0; j < classes; j++) {
      const at = first + j * inner;
      const p = Math.exp(-below(j)) / (1 + rest);
      // With p_k = 1/(1 + s′) and S = others + T_k, S·p_k − T_k is (others − T_k·s′)/(1 + s′): nothing cancels.
      const difference = j === k ? (others - target(j) * rest) / (1 + rest) : S * p - target(j);
      const slope = scaled.slope(logits[at]!);
      gradient[at] = u * (F * difference + (pull === 0 ? 0 : pull * p)) * slope;
    }
  }
};

/** (m, k, s′) of a row. */
type RowState = readonly [m: number, k: number, rest: number];

const identity: RowState = [-Infinity, -1, 0];

function rowState(logits: HostArray, first: number, step: number, classes: number, scaled: ScaledLogits): RowState {
  let top = -Infinity;
  let k = -1;
  for (let j = 0; j < classes; j++) {
    const z = logits[first + j * step]!;
    if (Number.isNaN(z)) return [Number.NaN, -1, Number.NaN];
    if (z > top) {
      top = z;
      k = j;
    }
  }
  if (top === Infinity) return [top, k, Number.NaN];
  if (top === -Infinity) return identity;

  const sums = sumRest(classes, (block, j) => {
    if (j !== k) block[0]! += Math.exp(-scaled.below(top, logits[first + j * step]!));
  });
  return [scaled.value(top), k, sums[0]!];
}

/** r = 1 − p_y is the complement sum's share where y leads, and at least 1/2 where it does not. */
function labelPart(
  y: number,
  k: number,
  rest: number,
  below: (j: number) => number,
  classWeights: HostArray | undefined,
): LabelPart {
  const r = y === k ? rest / (1 + rest) : 1 - Math.exp(-below(y)) / (1 + rest);
  return { r, nu: below(y) + Math.log1p(rest), weight: classWeights ? classWeights[y]! : 1 };
}
