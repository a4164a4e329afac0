import { type PlainHandle, plain } from "@surprisal/backend-cpu/plain";
import type { Kernels, LossTerms } from "@surprisal/core";
import { expect, test } from "vitest";
import { failures, spoiled } from "./fixtures/spoiled.ts";

type Loss = Kernels<PlainHandle>["softmaxCrossEntropy"];
type Call = Parameters<Loss>;

const terms = "kernel/softmax-cross-entropy-terms/";

/** Holds if a backend whose loss with terms is wrong in this way fails each of the cases. */
async function caught(wrong: (right: Loss, call: Call, terms: LossTerms) => void, ...names: string[]): Promise<void> {
  const create = () =>
    spoiled(plain(), ({ kernels }) => ({
      kernels: {
        softmaxCrossEntropy(...call) {
          const right: Loss = kernels.softmaxCrossEntropy;
          if (call[2].terms === undefined) right(...call);
          else wrong(right, call, call[2].terms);
        },
      },
    }));
  expect(
    Object.keys(
      await failures(
        create,
        names.map((name) => terms + name),
      ),
    ).sort(),
  ).toEqual(names.map((name) => terms + name).sort());
}

/** Each output from a call with terms of its own; of the rest the right ones. */
function mixed(right: Loss, [outputs, inputs, params]: Call, own: LossTerms, forGradient: Partial<LossTerms>): void {
  const { gradient, ...others } = outputs;
  if (others.rowLoss || others.state || others.diagnostics) right(others, inputs, { ...params, terms: own });
  if (gradient) right({ gradient }, inputs, { ...params, terms: { ...own, ...forGradient } });
}

/** Changes each number of an output. */
function change(handle: PlainHandle | undefined, fn: (value: number, i: number) => number): void {
  const data = handle?.data as Float32Array | undefined;
  data?.set(data.map(fn));
}

test("a z-loss without its gradient is caught", () =>
  caught((right, call, own) => mixed(right, call, own, { zLoss: 0 }), "z-loss-1", "z-loss-1e-4", "every-term"));

test("a z-loss that pulls the wrong way is caught", () =>
  caught(
    (right, call, own) => mixed(right, call, own, { zLoss: -own.zLoss }),
    "z-loss-1",
    "row-offset-1e4-z-loss",
    "every-term",
  ));

test("a z-loss that ignored rows have too is caught", () =>
  caught(
    (right, call, own) => {
      right(...call);
      const labels = call[1].labels?.data;
      change(call[0].rowLoss, (value, r) => (labels?.[r] === -1 ? value + own.zLoss : value));
    },
    "z-loss-1",
    "row-ignored-with-smoothing-and-weights-z-loss",
  ));

test("a z-loss that class weights weigh is caught", () =>
  caught(
    (right, call, own) => {
      const [outputs, inputs, params] = call;
      right(...call);
      if (own.zLoss === 0 || !outputs.rowLoss || !inputs.labels || !inputs.classWeights) return;
      const whole = Float32Array.from(outputs.rowLoss.data!);
      right({ rowLoss: outputs.rowLoss }, inputs, { ...params, terms: { ...own, zLoss: 0 } });
      const bare = Float32Array.from(outputs.rowLoss.data!);
      const [labels, weights] = [inputs.labels.data!, inputs.classWeights.data!];
      change(outputs.rowLoss, (_, r) =>
        labels[r] === -1 ? 0 : bare[r]! + weights[labels[r]!]! * (whole[r]! - bare[r]!),
      );
    },
    "z-loss-1",
    "every-term",
  ));

test("1 − p_y taken from a rounded p_y is caught", () =>
  caught(
    (right, call, own) => {
      const [outputs, inputs, params] = call;
      right(...call);
      if (own.focal === 0 || !outputs.rowLoss || !inputs.labels || inputs.classWeights) return;
      right({ rowLoss: outputs.rowLoss }, inputs, { ...params, terms: { ...own, focal: 0, poly: 0, zLoss: 0 } });
      change(outputs.rowLoss, (nu) => (1 - Math.fround(Math.exp(-nu))) ** own.focal * nu);
    },
    "confident-17-focal",
    "confident-50-focal",
  ));

test("a focal gradient without the derivative of its factor is caught", () =>
  caught(
    (right, call, own) => {
      const [{ gradient, ...others }, inputs, params] = call;
      if (own.focal === 0) return right(...call);
      const nu = { data: new Float32Array(params.rows) };
      right({ rowLoss: nu }, inputs, { ...params, terms: { ...own, focal: 0, poly: 0, zLoss: 0 } });
      right(others, inputs, params);
      if (!gradient) return;
      right({ gradient }, inputs, { ...params, terms: { ...own, focal: 0 } });
      const factor = (d: number): number => (1 - Math.exp(-nu.data[Math.floor(d / params.classes)]!)) ** own.focal;
      change(gradient, (value, d) => factor(d) * value);
    },
    "focal-2",
    "focal-1",
    "focal-half",
  ));

test("a poly term without its gradient is caught", () =>
  caught((right, call, own) => mixed(right, call, own, { poly: 0 }), "poly-1", "poly-minus-1", "focal-and-poly"));

test("a temperature that the gradient is not divided by is caught", () =>
  caught(
    (right, call, own) => {
      right(...call);
      change(call[0].gradient, (value) => value / own.inverseTemperature);
    },
    "temperature-2",
    "temperature-0.7",
    "softcap-and-temperature",
  ));

test("a temperature after the cap is caught", () =>
  caught(
    (right, [outputs, inputs, params], own) => {
      const isBoth = own.softcap > 0 && own.inverseTemperature !== 1;
      const other = { ...own, softcap: own.softcap * own.inverseTemperature };
      right(outputs, inputs, { ...params, terms: isBoth ? other : own });
    },
    "softcap-and-temperature",
    "every-term",
  ));

test("a cap whose derivative is left out of the gradient is caught", () =>
  caught(
    (right, call, { softcap: c, inverseTemperature: t }) => {
      const z = Float32Array.from(call[1].logits.data!);
      right(...call);
      if (c > 0) change(call[0].gradient, (value, d) => value * Math.cosh((t * z[d]!) / c) ** 2);
    },
    "softcap-30",
    "softcap-2",
  ));

test("1 − tanh² that cancels where the cap is reached is caught", () =>
  caught(
    (right, call, { softcap: c, inverseTemperature: t }) => {
      const z = Float32Array.from(call[1].logits.data!);
      right(...call);
      if (c === 0) return;
      const cancelled = (x: number): number => (1 - Math.fround(Math.tanh(x)) ** 2) * Math.cosh(x) ** 2;
      change(call[0].gradient, (value, d) => value * cancelled((t * z[d]!) / c));
    },
    "softcap-2",
    "row-at-the-edge-of-exp-softcap",
  ));

test("a mask of −∞ that the cap makes finite is caught", () =>
  caught(
    (right, [outputs, inputs, params], own) => {
      if (own.softcap === 0) return right(outputs, inputs, params);
      const logits = { data: (inputs.logits.data as Float32Array).map((z) => (z === -Infinity ? -1e30 : z)) };
      right(outputs, { ...inputs, logits }, params);
    },
    "row-minus-infinity-beside-the-label-softcap",
    "row-all-minus-infinity-softcap",
    "row-one-class-left-softcap",
  ));

test("a state of the logits as they were is caught", () =>
  caught(
    (right, [outputs, inputs, params]) => {
      const { state, ...others } = outputs;
      right(others, inputs, params);
      if (state) right({ state }, inputs, { ...params, terms: undefined });
    },
    "temperature-2",
    "softcap-2",
    "every-term",
  ));

test("logits that are scaled before the largest is taken off are caught", () =>
  caught(
    (right, [outputs, inputs, params], own) => {
      if (own.softcap > 0 || own.inverseTemperature === 1) return right(outputs, inputs, params);
      const logits = { data: (inputs.logits.data as Float32Array).map((z) => z * own.inverseTemperature) };
      right(outputs, { ...inputs, logits }, { ...params, terms: { ...own, inverseTemperature: 1 } });
      change(outputs.gradient, (value) => value * own.inverseTemperature);
    },
    "row-offset-1e6-temperature",
    "row-one-ulp-apart-far-out-temperature",
  ));

const diagnosed = (wrong: (value: number, i: number, logits: Float32Array, call: Call) => number) => {
  const create = () =>
    spoiled(plain(), ({ kernels }) => ({
      kernels: {
        softmaxCrossEntropy(...call) {
          const logits = Float32Array.from(call[1].logits.data!);
          kernels.softmaxCrossEntropy(...call);
          change(call[0].diagnostics, (value, i) => wrong(value, i, logits, call));
        },
      },
    }));
  return async (...names: string[]) =>
    expect(
      Object.keys(
        await failures(
          create,
          names.map((name) => terms + name),
        ),
      ).sort(),
    ).toEqual(names.map((name) => terms + name).sort());
};

test("a rank that counts no ties before the label is caught", () =>
  diagnosed((value, i, logits, [, inputs, { classes }]) => {
    const label = inputs.labels?.data?.[Math.floor(i / 3)] ?? -1;
    if (i % 3 !== 0 || label < 0 || Number.isNaN(value)) return value;
    const row = logits.slice(Math.floor(i / 3) * classes, (Math.floor(i / 3) + 1) * classes);
    return row.filter((z) => z > row[label]!).length;
  })("diagnostics-of-row-ties-of-ten", "diagnostics-of-row-ties-at-the-maximum-last-label"));

test("a margin with the wrong sign, and an entropy of NaN beside −∞, are caught", async () => {
  await diagnosed((value, i) => (i % 3 === 2 ? -value : value))("diagnostics-of-labels", "diagnostics-with-terms");
  await diagnosed((value, i, logits, [, , { classes }]) => {
    const row = logits.slice(Math.floor(i / 3) * classes, (Math.floor(i / 3) + 1) * classes);
    return i % 3 === 1 && row.includes(-Infinity) ? Number.NaN : value;
  })("diagnostics-of-row-minus-infinity-beside-the-label", "diagnostics-of-row-one-class-left");
});
