import { type PlainHandle, plain } from "@surprisal/backend-cpu/plain";
import type { Kernels } from "@surprisal/core";
import { expect, test } from "vitest";
import { failures, spoiled } from "./fixtures/spoiled.ts";

type Loss = Kernels<PlainHandle>["softmaxCrossEntropy"];
type Call = Parameters<Loss>;

/** Holds if a backend whose loss is wrong in this way fails each of the cases. */
async function caught(wrong: (right: Loss, ...call: Call) => void, ...ids: string[]): Promise<void> {
  const create = () =>
    spoiled(plain(), ({ kernels }) => ({
      kernels: { softmaxCrossEntropy: (...call) => wrong(kernels.softmaxCrossEntropy, ...call) },
    }));
  expect(Object.keys(await failures(create, ids)).sort()).toEqual([...ids].sort());
}

/** Changes each number of an output. */
function change(handle: PlainHandle | undefined, fn: (value: number, i: number) => number): void {
  const data = handle?.data as Float32Array | undefined;
  data?.set(data.map(fn));
}

const law = "loss/law-under-options/";
const temperature = "kernel/softmax-cross-entropy-temperature/";
const marks = "kernel/softmax-cross-entropy-marks/";

test("a temperature that loses a common offset is caught", () =>
  caught((right, outputs, inputs, params) => {
    const t = params.terms?.inverseTemperature ?? 1;
    if (t === 1 || params.terms?.softcap) return right(outputs, inputs, params);
    const logits = { data: (inputs.logits.data as Float32Array).map((z) => z * t) };
    right(outputs, { ...inputs, logits }, { ...params, terms: { ...params.terms!, inverseTemperature: 1 } });
    change(outputs.gradient, (value) => value * t);
  }, `${law}a-common-offset-changes-nothing`));

test("a loss that knows the places of classes and rows is caught", () =>
  caught(
    (right, outputs, inputs, params) => {
      right(outputs, inputs, params);
      const labels = inputs.labels?.data;
      change(outputs.rowLoss, (loss, r) => loss * (1 + 1e-4 * r + 1e-3 * (labels?.[r] ?? 0)));
    },
    `${law}classes-in-another-order`,
    `${law}chunks-of-rows-add-up`,
    `${law}one-hot-probabilities-equal-labels`,
  ));

test("marks beside probabilities that are not read are caught", () =>
  caught(
    (right, outputs, { labels, ...inputs }, params) =>
      right(outputs, inputs.probabilities ? inputs : { ...inputs, labels }, params),
    `${law}rows-that-do-not-count-change-nothing`,
    `${marks}ten-classes`,
    `${marks}with-every-option`,
    "loss/semantics/weightless-rows-are-not-read",
  ));

test("a z-loss without its pull, and a gradient that is too large, are caught", async () => {
  await caught((right, { gradient, ...others }, inputs, params) => {
    right(others, inputs, params);
    if (gradient)
      right({ gradient }, inputs, { ...params, ...(params.terms && { terms: { ...params.terms, zLoss: 0 } }) });
  }, `${law}the-gradient-of-a-row-sums-to-what-z-loss-pulls`);
  await caught((right, outputs, inputs, params) => {
    right(outputs, inputs, params);
    change(outputs.gradient, (value) => 40 * value);
  }, `${law}the-gradient-of-a-row-is-bounded`);
});

test("losses below 0, and weights that are squared, are caught", async () => {
  await caught((right, outputs, inputs, params) => {
    right(outputs, inputs, params);
    change(outputs.rowLoss, (loss) => loss - 0.01);
  }, `${law}no-loss-is-below-0`);
  await caught((right, outputs, inputs, params) => {
    const scale = inputs.rowScale?.data as Float32Array | undefined;
    right(outputs, scale ? { ...inputs, rowScale: { data: scale.map((r) => r * r) } } : inputs, params);
  }, `${law}weights-times-4-are-a-sum-times-4`);
});

test("a temperature after the cap, and terms that core would derive otherwise, are caught", async () => {
  await caught((right, outputs, inputs, params) => {
    const { terms } = params;
    const moved = terms && { ...terms, softcap: terms.softcap * terms.inverseTemperature };
    right(outputs, inputs, { ...params, ...(moved && { terms: moved }) });
  }, `${law}fused-equals-derived`);
  await caught((right, outputs, inputs, params) => {
    const { terms } = params;
    const squared = terms && { ...terms, inverseTemperature: Math.abs(terms.inverseTemperature) ** 1.5 };
    right(outputs, inputs, { ...params, ...(squared && { terms: squared }) });
  }, `${law}logits-and-temperature-times-2-are-the-same-loss`);
});

test("a slope by the temperature that lacks a part is caught", async () => {
  // The largest logit's own part, which a common offset hides.
  await caught((right, outputs, inputs, params) => {
    right(outputs, inputs, params);
    const { terms, classes } = params;
    if (!terms || terms.softcap > 0 || params.inner !== 1) return;
    const state = { data: new Float32Array(3 * params.rows) };
    right({ state }, inputs, params);
    const t = inputs.temperature ? 1 / inputs.temperature.data![0]! : terms.inverseTemperature;
    const [z, s] = [inputs.logits.data!, state.data];
    change(outputs.temperatureSlope, (slope, r) => {
      if (s[3 * r + 1]! < 0 || Number.isNaN(slope)) return slope;
      const lse = s[3 * r]! + Math.log1p(s[3 * r + 2]!);
      return slope + 2 * terms.zLoss * lse * t * t * z[r * classes + s[3 * r + 1]!]!;
    });
  }, `${temperature}z-loss-1`);
  // The factor of focal and poly terms.
  await caught(
    (right, { temperatureSlope, ...others }, inputs, params) => {
      right(others, inputs, params);
      const bare = params.terms && { ...params.terms, focal: 0, poly: 0 };
      if (temperatureSlope) right({ temperatureSlope }, inputs, { ...params, terms: bare });
    },
    `${temperature}focal-2`,
    `${temperature}poly-1`,
  );
  // The temperature itself.
  await caught(
    (right, outputs, { temperature: _, ...inputs }, params) => right(outputs, inputs, params),
    `${temperature}temperature-2`,
    `${temperature}every-term`,
  );
});
