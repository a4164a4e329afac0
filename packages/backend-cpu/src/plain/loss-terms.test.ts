import type { LossTerms } from "@surprisal/core";
import { describe, expect, it } from "vitest";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

const neutral: LossTerms = { inverseTemperature: 1, softcap: 0, zLoss: 0, focal: 0, poly: 0 };
const inf = Infinity;

/** One row in float64. */
function one(z: number[], target: number | number[], terms: Partial<LossTerms>, w?: number[]) {
  const outputs = {
    rowLoss: new Float64Array(1),
    gradient: new Float64Array(z.length),
    state: new Float64Array(3),
    diagnostics: new Float64Array(3),
  };
  const inputs = {
    logits: Float64Array.from(z),
    labels: typeof target === "number" ? Int32Array.of(target) : undefined,
    probabilities: typeof target === "number" ? undefined : Float64Array.from(target),
    classWeights: w && Float64Array.from(w),
  };
  const params = { rows: 1, classes: z.length, inner: 1, smoothing: 0, scale: 1, terms: { ...neutral, ...terms } };
  softmaxCrossEntropy(outputs, inputs, params);
  const { rowLoss, gradient, state, diagnostics } = outputs;
  return { loss: rowLoss[0]!, gradient: [...gradient], state: [...state], diagnostics: [...diagnostics] };
}

const settings: Record<string, { terms: Partial<LossTerms>; target: number | number[]; w?: number[] }> = {
  temperature: { terms: { inverseTemperature: 0.4 }, target: 1 },
  softcap: { terms: { softcap: 2 }, target: 1 },
  "z-loss": { terms: { zLoss: 0.3 }, target: [0.2, 0.5, 0, 0.6] },
  focal: { terms: { focal: 2 }, target: 1, w: [1, 0.5, 2, 1] },
  "focal below 1": { terms: { focal: 0.5 }, target: 2 },
  poly: { terms: { poly: 1.5 }, target: 1, w: [1, 0.5, 2, 1] },
  "poly below 0": { terms: { poly: -1 }, target: 2 },
  all: { terms: { inverseTemperature: 1.25, softcap: 3, zLoss: 0.1, focal: 1.5, poly: 0.5 }, target: 2 },
};

describe("softmaxCrossEntropy with terms", () => {
  for (const [name, { terms, target, w }] of Object.entries(settings)) {
    it(`has the gradient of its loss: ${name}`, () => {
      const z = [0.5, -1, 2, 0.25];
      const { gradient } = one(z, target, terms, w);
      for (const j of z.keys()) {
        const at = (step: number): number =>
          one(
            z.map((v, i) => (i === j ? v + step : v)),
            target,
            terms,
            w,
          ).loss;
        const h = 2 ** -9;
        const slope = (step: number): number => (at(step) - at(-step)) / (2 * step);
        // Richardson's extrapolation of two central differences.
        expect(gradient[j]).toBeCloseTo((4 * slope(h) - slope(2 * h)) / 3, 9);
      }
    });
  }

  it("follows the published formulas", () => {
    const z = [1, 2, 3];
    const p = Math.exp(2) / (Math.exp(1) + Math.exp(2) + Math.exp(3));
    // Lin et al. 2017: −α·(1 − p)^γ·log p. Leng et al. 2022: −log p + ε₁·(1 − p).
    expect(one(z, 1, { focal: 2 }, [1, 0.25, 1]).loss).toBeCloseTo(-0.25 * (1 - p) ** 2 * Math.log(p), 14);
    expect(one(z, 1, { poly: 2 }).loss).toBeCloseTo(-Math.log(p) + 2 * (1 - p), 14);
    const lse = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3));
    expect(one(z, 1, { zLoss: 1e-2 }).loss).toBeCloseTo(-Math.log(p) + 1e-2 * lse ** 2, 14);
    expect(one(z, 1, { inverseTemperature: 2 }).loss).toBeCloseTo(one([2, 4, 6], 1, {}).loss, 14);
    const capped = z.map((v) => 5 * Math.tanh(v / 5));
    expect(one(z, 1, { softcap: 5 }).loss).toBeCloseTo(one(capped, 1, {}).loss, 14);
  });

  it("keeps confident rows in relative precision", () => {
    const rest = 2 * Math.exp(-50);
    const { loss, gradient } = one([50, 0, 0], 0, { focal: 1, poly: 1 });
    // r·(ν + r) ≈ 2·rest², and its slope −r·(1 + p·… ) ≈ −rest·(2 + 2)·rest
    expect(loss / (2 * rest ** 2)).toBeCloseTo(1, 14);
    expect(gradient[0]! / (-4 * rest ** 2)).toBeCloseTo(1, 14);
    // So confident that s′ is 0: ν/r is 1 there.
    expect(one([1000, 0, 0], 0, { focal: 0.5 })).toMatchObject({ loss: 0, gradient: [0, 0, 0] });
    // A saturated cap passes next to nothing, and that exactly: sech²(50) = 4e⁻¹⁰⁰.
    const capped = one([50, 0], 1, { softcap: 1 }).gradient[0]!;
    expect(capped / ((4 * Math.exp(-100)) / (1 + Math.exp(-1)))).toBeCloseTo(1, 13);
  });

  it("lets infinities and NaN pass the cap and the temperature", () => {
    const terms = { softcap: 5, inverseTemperature: 0.5, zLoss: 0.1 };
    expect(one([-inf, 0, 0], 1, { ...terms, zLoss: 0 })).toMatchObject({ loss: Math.LN2 });
    expect(one([-inf, 0, 0], 1, terms).gradient[0]).toBe(0);
    const masked = one([-inf, 0, 0], 0, { ...terms, focal: 2, poly: 1 });
    expect(masked.loss).toBe(inf);
    expect(masked.gradient.every(Number.isFinite)).toBe(true);
    for (const bad of [inf, Number.NaN]) expect(one([bad, 0, 0], 1, terms)).toMatchObject({ loss: Number.NaN });
    expect(one([-inf, -inf, -inf], 1, terms)).toMatchObject({ loss: Number.NaN, state: [-inf, -1, 0] });
    expect(one([Number.NaN, 0, 0], -1, terms)).toMatchObject({ loss: 0, gradient: [0, 0, 0], state: [-inf, -1, 0] });
    expect(one([1e30, -1e30, 0], 1, terms).loss).toBeGreaterThan(10);
  });

  it("scales differences, so that a common offset costs nothing", () => {
    const terms = { inverseTemperature: 1 / 0.7, focal: 2, poly: 0.5 };
    const near = one([2, -1, 0], 1, terms);
    const far = one([2 + 1e6, -1 + 1e6, 1e6], 1, terms);
    expect(far.loss).toBe(near.loss);
    expect(far.gradient).toEqual(near.gradient);
  });
});

describe("softmaxCrossEntropy, diagnostics", () => {
  it("counts the classes before the label, those that tie in front of it included", () => {
    expect(one([2, 3, 2, 1], 0, {}).diagnostics[0]).toBe(1);
    expect(one([2, 3, 2, 1], 2, {}).diagnostics[0]).toBe(2);
    expect(one([2, 3, 2, 1], [0, 0.5, 0.5, 0], {}).diagnostics[0]).toBe(0);
    // The cap has rounded both to 1, and the larger logit leads still.
    expect(one([50, 60], 0, { softcap: 1 }).diagnostics[0]).toBe(1);
  });

  it("gives entropy and margin of z′", () => {
    const [, entropy, margin] = one([0, 0, 0], 1, {}).diagnostics;
    expect(entropy).toBeCloseTo(Math.log(3), 15);
    expect(margin).toBe(0);
    expect(one([4, 0, -inf], 0, { inverseTemperature: 0.5 }).diagnostics[2]).toBe(2);
    expect(one([4, 0, -inf], 2, {}).diagnostics).toEqual([2, expect.any(Number), -inf]);
    expect(one([4], 0, {}).diagnostics).toEqual([0, 0, inf]);
    expect(one([4, 1], -1, {}).diagnostics).toEqual([-1, 0, 0]);
    expect(one([Number.NaN, 1], 0, {}).diagnostics).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  it("of classes on a middle axis are those of the rows", () => {
    const [rows, classes, inner] = [4, 3, 2];
    const logits = Float64Array.from({ length: rows * classes }, (_, i) => Math.sin(7 * i));
    const q = logits.map((z, i) => Math.abs(z) + (i % 5));
    for (const targets of [{ labels: Int32Array.of(2, 0, 1, 2) }, { probabilities: q }]) {
      const diagnostics = new Float64Array(3 * rows);
      softmaxCrossEntropy({ diagnostics }, { logits, ...targets }, { rows, classes, inner, smoothing: 0, scale: 1 });
      for (let r = 0; r < rows; r++) {
        const at = (j: number): number => (Math.floor(r / inner) * classes + j) * inner + (r % inner);
        const row = (x: Float64Array): number[] => [0, 1, 2].map((j) => x[at(j)]!);
        const own = targets.labels ? targets.labels[r]! : row(q);
        expect([...diagnostics.slice(3 * r, 3 * r + 3)]).toEqual(one(row(logits), own, {}).diagnostics);
      }
    }
  });
});
