import type { SoftmaxCrossEntropyParams } from "@surprisal/core";
import { describe, expect, it } from "vitest";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

const { NaN: nan } = Number;
const inf = Infinity;

interface Row {
  readonly label?: number;
  readonly q?: number[];
  readonly w?: number[];
  readonly smoothing?: number;
}

for (const Float of [Float32Array, Float64Array]) {
  const relative = Float === Float32Array ? 1.2e-7 : 1e-14;
  const one = (z: number[], { label, q, w, smoothing = 0 }: Row) => {
    const outputs = { rowLoss: new Float(1), gradient: new Float(z.length), state: new Float(3) };
    const inputs = {
      logits: Float.from(z),
      labels: label === undefined ? undefined : Int32Array.of(label),
      probabilities: q && Float.from(q),
      classWeights: w && Float.from(w),
    };
    softmaxCrossEntropy(outputs, inputs, { rows: 1, classes: z.length, inner: 1, smoothing, scale: 1 });
    return { loss: outputs.rowLoss[0]!, gradient: [...outputs.gradient], state: [...outputs.state] };
  };
  const close = (actual: number, expected: number, bound = relative) =>
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(bound * Math.abs(expected));

  describe(`softmaxCrossEntropy, ${Float.name} (rows of docs/semantics.md §4)`, () => {
    it("keeps a confident row, loss and label gradient, in relative precision", () => {
      // C = 3 and one-hot at the maximum: loss = log1p(2e^−margin), label gradient −2e^−margin/(1 + 2e^−margin).
      for (const margin of [17, 50, 87]) {
        const rest = 2 * Math.exp(-margin);
        const { loss, gradient, state } = one([margin, 0, 0], { label: 0 });
        close(loss, Math.log1p(rest));
        close(gradient[0]!, -rest / (1 + rest));
        close(state[2]!, rest);
      }
      close(one([17, 0, 0], { label: 0 }).loss, 8.28e-8, 1e-3);
      close(one([50, 0, 0], { q: [1, 0, 0] }).loss, 3.86e-22, 1e-3);
    });

    it("is exact for huge logits and for a common offset", () => {
      expect(one([-500, 500, -500], { label: 0 })).toMatchObject({ loss: 1000, gradient: [-1, 1, 0] });
      expect(one([-500, 500, -500], { label: 1 }).loss).toBe(0);
      const far = one([3e38, -3e38], { label: 1 });
      expect(far.gradient).toEqual([1, -1]);
      expect(far.loss).toBe(Float === Float32Array ? inf : 6e38);
      const near = one([2, -1, 0], { label: 1 });
      for (const offset of [1e4, 1e6])
        expect(one([2 + offset, -1 + offset, offset], { label: 1 }).loss).toBe(near.loss);
    });

    it("takes −∞ as probability 0, and as loss +∞ where the target is above 0", () => {
      const masked = one([1, -inf, 1], { label: 0 });
      close(masked.loss, Math.LN2);
      expect(masked.gradient).toEqual([-0.5, 0, 0.5]);
      expect(one([0, -inf], { label: 1 })).toMatchObject({ loss: inf, gradient: [1, -1] });
      expect(one([0, -inf], { q: [1, 0] })).toMatchObject({ loss: 0, gradient: [0, 0] });
      expect(one([0, -inf], { label: 0, smoothing: 0.5 })).toMatchObject({ loss: inf, gradient: [0.25, -0.25] });
      expect(one([0, -inf], { label: 1, w: [1, 0] })).toMatchObject({ loss: 0, gradient: [0, 0] });
      expect(one([0, -inf], { label: 0, w: [1, inf] }).loss).toBe(0);
    });

    it("gives NaN for a row without a distribution, and its state", () => {
      expect(one([1, nan], { label: 0 })).toEqual({ loss: nan, gradient: [nan, nan], state: [nan, -1, nan] });
      expect(one([1, inf], { label: 0 })).toEqual({ loss: nan, gradient: [nan, nan], state: [inf, 1, nan] });
      expect(one([-inf, -inf], { label: 0 })).toEqual({ loss: nan, gradient: [nan, nan], state: [-inf, -1, 0] });
      expect(one([-inf], { q: [0] }).loss).toBe(nan);
    });

    it("does not read an ignored row", () => {
      const state = [-inf, -1, 0];
      expect(one([nan, inf], { label: -1 })).toEqual({ loss: 0, gradient: [0, 0], state });
    });

    it("follows the formula for soft rows of any sum", () => {
      // docs/semantics.md §4: Σ = 2
      const { loss, gradient } = one([1, 2, 3], { q: [1, 1, 0] });
      expect(loss).toBeCloseTo(3.815, 3);
      for (const [j, g] of [-0.82, -0.511, 1.33].entries()) expect(gradient[j]).toBeCloseTo(g, 3);
      expect(one([1, 2], { q: [0, 0] })).toMatchObject({ loss: 0, gradient: [0, 0] });
      expect(one([0, 0], { q: [2, -1] })).toMatchObject({ gradient: [-1.5, 1.5] });
      expect(one([0, 0], { q: [nan, 1] })).toMatchObject({ loss: nan, gradient: [nan, nan] });
      expect(one([5], { label: 0 }).loss).toBe(0);
    });

    it("smooths and weights a label as the same row of probabilities", () => {
      const z = [0.5, -1, 2, 0];
      const w = [0.5, 2, 1.25, 0];
      const sparse = one(z, { label: 1, w, smoothing: 0.25 });
      // T_j = (1 − ε)·w_y·[j = y] + (ε/C)·w_j
      const dense = one(z, { q: w.map((v, j) => 0.0625 * v + (j === 1 ? 1.5 : 0)) });
      close(sparse.loss, dense.loss);
      expect(sparse.gradient).toEqual(dense.gradient);
    });
  });
}

describe("softmaxCrossEntropy, layout", () => {
  const logits = Float32Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) / 3);
  const labels = Int32Array.of(0, 2, -1, 1, 1, 0, 2, 2);
  const rowScale = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const params: SoftmaxCrossEntropyParams = { rows: 8, classes: 3, inner: 1, smoothing: 0.1, scale: 0.5 };

  it("may overwrite the logits by the gradient", () => {
    const gradient = new Float32Array(24);
    softmaxCrossEntropy({ gradient }, { logits, labels, rowScale }, params);
    const aliased = logits.slice();
    softmaxCrossEntropy({ gradient: aliased }, { logits: aliased, labels, rowScale }, params);
    expect(aliased).toEqual(gradient);
  });

  it("finds the classes of a row by stride where the axis is not the last one", () => {
    // [2, 4, 3] and [2, 3, 4]
    const turn = (x: Float32Array) => x.map((_, at) => x[at - (at % 12) + (at % 4) * 3 + ((at % 12) - (at % 4)) / 4]!);
    const rowLoss = new Float32Array(8);
    const gradient = new Float32Array(24);
    softmaxCrossEntropy({ rowLoss, gradient }, { logits, labels, rowScale }, params);
    const turned = { rowLoss: new Float32Array(8), gradient: new Float32Array(24) };
    softmaxCrossEntropy(turned, { logits: turn(logits), labels, rowScale }, { ...params, inner: 4 });
    expect(turned).toEqual({ rowLoss, gradient: turn(gradient) });
  });

  it("is exact for 2^17 uniform classes", () => {
    const rowLoss = new Float64Array(1);
    const classes = 2 ** 17;
    const inputs = { logits: new Float32Array(classes), labels: Int32Array.of(5) };
    softmaxCrossEntropy({ rowLoss }, inputs, { rows: 1, classes, inner: 1, smoothing: 0, scale: 1 });
    expect(rowLoss[0]).toBeCloseTo(17 * Math.LN2, 14);
  });
});
