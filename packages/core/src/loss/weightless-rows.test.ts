/** A host weight of 0 takes its row out, with probabilities as with labels: what stands in it reaches nothing. */
import { describe, expect, it } from "vitest";
import { expectClose, numbers, openPlain } from "../../testing/claims.ts";
import {
  crossEntropyTerms,
  type Device,
  hvp,
  type LossOptions,
  linearCrossEntropy,
  ones,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  sum,
  type Tensor,
  transpose,
  valueAndGrad,
} from "../index.ts";
import { lossAs } from "../presets/loss-as.ts";
import { tensorflow } from "../presets/systems.ts";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const rowWeights = [0, 2, 0, 1];
const rows = [
  [nan, 2, 1],
  [0, 1, 0.5],
  [infinity, -infinity, 3],
  [1, -1, 2],
];
const targets = [
  [1, 0, 0],
  [0.5, 0.5, 0],
  [0, nan, 1],
  [0, 0.25, 0.75],
];
const counted = (list: readonly number[][]): number[][] => [list[1]!, list[3]!];

/** The same numbers, with 0 in the rows that are out. */
const among = (values: readonly number[]): number[] => [0, 0, 0, ...values.slice(0, 3), 0, 0, 0, ...values.slice(3)];

const settings: Record<string, LossOptions> = {
  mean: {},
  sum: { reduction: "sum", labelSmoothing: 0.1, classWeights: [1, 2, 0.5] },
  none: { reduction: "none" },
  terms: { zLoss: 0.1, softcap: 5, temperature: 0.7 },
};

const both = (device: Device) => ({
  whole: { z: device.tensor(rows), q: device.tensor(targets) },
  part: { z: device.tensor(counted(rows)), q: device.tensor(counted(targets)) },
});

describe.each(Object.entries(settings))("a row of weight 0 is out of %s:", (_, options) => {
  const loss = (z: Tensor, q: Tensor, weights: number[]): Tensor =>
    sum(softmaxCrossEntropy(z, { probabilities: q }, { ...options, rowWeights: weights }));

  it("loss, gradients and second derivatives", async () => {
    const device = await openPlain();
    const { whole, part } = both(device);
    const of = (weights: number[]) => (p: typeof whole) => loss(p.z, p.q, weights);
    const [found, expected] = [valueAndGrad(of(rowWeights))(whole), valueAndGrad(of([2, 1]))(part)];
    await expectClose(found.value, await numbers(expected.value));
    await expectClose(found.gradients.z, among(await numbers(expected.gradients.z)));
    await expectClose(found.gradients.q, among(await numbers(expected.gradients.q)));
    const twice = hvp((z: Tensor) => loss(z, whole.q, rowWeights), whole.z, device.tensor(ones(4, 3)));
    const expectedTwice = hvp((z: Tensor) => loss(z, part.q, [2, 1]), part.z, device.tensor(ones(2, 3)));
    await expectClose(twice.gradients, among(await numbers(expectedTwice.gradients)));
    await expectClose(twice.products, among(await numbers(expectedTwice.products)), 1e-12);
  });

  it("the gradient op, whatever is upstream", async () => {
    const device = await openPlain();
    const { whole, part } = both(device);
    const given = { ...options, rowWeights };
    const expected = softmaxCrossEntropyGradient(part.z, { probabilities: part.q }, { ...options, rowWeights: [2, 1] });
    const found = softmaxCrossEntropyGradient(whole.z, { probabilities: whole.q }, given);
    await expectClose(found, among(await numbers(expected)));
    if (options.reduction !== "none") return;
    const upstream = device.tensor([infinity, 1, nan, 1]);
    const under = softmaxCrossEntropyGradient(whole.z, { probabilities: whole.q }, { ...given, upstream });
    await expectClose(under, among(await numbers(expected)));
  });
});

it("a temperature on the device does not see it, and the class axis may be the first", async () => {
  const device = await openPlain();
  const { whole, part } = both(device);
  const of = (weights: number[]) => (p: typeof whole & { tau: Tensor }) =>
    softmaxCrossEntropy(
      transpose(p.z),
      { probabilities: transpose(p.q) },
      { axis: 0, temperature: p.tau, rowWeights: weights },
    );
  const tau = device.tensor(0.8);
  const [found, expected] = [
    valueAndGrad(of(rowWeights))({ ...whole, tau }),
    valueAndGrad(of([2, 1]))({ ...part, tau }),
  ];
  await expectClose(found.value, await numbers(expected.value));
  await expectClose(found.gradients.tau, await numbers(expected.gradients.tau));
  await expectClose(found.gradients.z, among(await numbers(expected.gradients.z)));
});

it("nor do the weights of a linear layer", async () => {
  const device = await openPlain();
  const { whole, part } = both(device);
  const w = device.tensor([
    [1, 0.5, -1],
    [0, 1, 2],
    [0.25, -1, 1],
  ]);
  for (const reduction of ["mean", "none"] as const) {
    const of = (weights: number[]) => (p: typeof whole & { w: Tensor }) =>
      sum(linearCrossEntropy(p.z, p.w, undefined, { probabilities: p.q }, { rowWeights: weights, reduction }));
    const [found, expected] = [valueAndGrad(of(rowWeights))({ ...whole, w }), valueAndGrad(of([2, 1]))({ ...part, w })];
    await expectClose(found.value, await numbers(expected.value));
    await expectClose(found.gradients.w, await numbers(expected.gradients.w));
    await expectClose(found.gradients.z, among(await numbers(expected.gradients.z)));
    await expectClose(found.gradients.q, among(await numbers(expected.gradients.q)));
  }
});

it("nor does a preset's gradient p − q", async () => {
  const device = await openPlain();
  const { whole, part } = both(device);
  const of = (weights: number[]) => (p: typeof whole) =>
    lossAs(p.z, { probabilities: p.q }, tensorflow, { rowWeights: weights, reduction: "sum" });
  const [found, expected] = [valueAndGrad(of(rowWeights))(whole), valueAndGrad(of([2, 1]))(part)];
  await expectClose(found.value, await numbers(expected.value));
  await expectClose(found.gradients.z, among(await numbers(expected.gradients.z)));
});

it("diagnostics tell of it as of an ignored row", async () => {
  const device = await openPlain();
  const z = device.tensor([
    [nan, 2],
    [0, 1],
    [5, 0],
  ]);
  const probabilities = device.tensor([
    [1, 0],
    [0, 1],
    [1, 0],
  ]);
  const options = { rowWeights: [0, 1, 0], diagnostics: true } as const;
  const soft = crossEntropyTerms(z, { probabilities }, options);
  const hard = crossEntropyTerms(z, { labels: [0, 1, 0] }, options);
  const told = async ({ state, rows, sum: whole, weight, diagnostics }: typeof soft): Promise<number[][]> => {
    const { correct, topK, logSumExp, entropy, margin, nonFinite } = diagnostics;
    const all = [
      state,
      rows,
      whole,
      weight,
      correct,
      topK,
      logSumExp,
      entropy,
      margin,
      nonFinite?.count,
      nonFinite?.first,
    ];
    return Promise.all(all.map((tensor) => numbers(tensor!)));
  };
  expect(await told(soft)).toEqual(await told(hard));
});
