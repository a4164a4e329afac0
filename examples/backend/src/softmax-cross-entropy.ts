import type { Kernel, Numbers } from "./numbers.ts";

export const softmaxCrossEntropy: Kernel<"softmaxCrossEntropy"> = (outputs, inputs, params) => {
  const { rowLoss, gradient, state } = outputs;
  const { logits, labels, probabilities, classWeights, rowScale } = inputs;
  const { rows, classes, smoothing, scale } = params;

  for (let row = 0; row < rows; row++) {
    const first = row * classes;
    const label = labels?.[row];
    const ignored = label === -1;
    const [m, k, rest] = ignored ? nothing : stateOf(logits, first, classes);
    state?.set([m, k, rest], 3 * row);
    if (k === -1 || Number.isNaN(rest)) {
      const value = ignored ? 0 : Number.NaN;
      rowLoss?.fill(value, row, row + 1);
      gradient?.fill(value, first, first + classes);
      continue;
    }

    const target = (j: number): number => {
      const w = classWeights?.[j] ?? 1;
      const q = probabilities ? probabilities[first + j]! : Number(j === label);
      return w * ((1 - smoothing) * q + smoothing / classes);
    };
    let S = 0;
    let others = 0;
    let below = 0;
    for (let j = 0; j < classes; j++) {
      const T = target(j);
      // 0·∞ would be NaN.
      if (T === 0) continue;
      S += T;
      if (j !== k) others += T;
      below += T * (m - logits[first + j]!);
    }
    const loss = below + S * Math.log1p(rest);
    if (rowLoss) rowLoss[row] = loss;
    if (!gradient) continue;

    const u = scale * (rowScale?.[row] ?? 1);
    for (let j = 0; j < classes; j++) {
      const p = Math.exp(logits[first + j]! - m) / (1 + rest);
      // At the largest logit S·p − T without cancellation.
      const difference = j === k ? (others - target(j) * rest) / (1 + rest) : S * p - target(j);
      gradient[first + j] = u * difference;
    }
  }
};

const nothing = [-Infinity, -1, 0] as const;

/** (m, k, s′): the largest logit, its first class, and Σ e^(z − m) over the others. */
function stateOf(logits: Numbers, first: number, classes: number): readonly [number, number, number] {
  let m = -Infinity;
  let k = -1;
  for (let j = 0; j < classes; j++) {
    const z = logits[first + j]!;
    if (Number.isNaN(z)) return [z, -1, z];
    if (z > m) [m, k] = [z, j];
  }
  if (k === -1) return nothing;
  if (m === Infinity) return [m, k, Number.NaN];
  let rest = 0;
  for (let j = 0; j < classes; j++) if (j !== k) rest += Math.exp(logits[first + j]! - m);
  return [m, k, rest];
}
