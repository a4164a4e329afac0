/** docs/semantics.md §3: the loss of a linear layer is the loss of its logits, in any chunks and with every option. */
import { describe, expect, it } from "vitest";
import { expectRefused, numbers, openPlain } from "../../testing/claims.ts";
import {
  type Device,
  type LinearLossOptions,
  linear,
  linearCrossEntropy,
  mul,
  reshape,
  type Scope,
  softmaxCrossEntropy,
  sum,
  type Targets,
  type Tensor,
  transpose,
  valueAndGrad,
} from "../index.ts";

const [rows, inputs, classes] = [7, 3, 5];
const labels = [4, 0, -100, 2, 2, -100, 1];

interface Layer {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b: Tensor;
}

function wave(scope: Scope | Device, start: number, shape: readonly number[]): Tensor {
  const length = shape.reduce((p, n) => p * n, 1);
  return scope.tensor(
    Array.from({ length }, (_, i) => 2 * Math.sin(start + 1.7 * i)),
    shape,
  );
}

const layerIn = (scope: Scope | Device): Layer => ({
  x: wave(scope, 1, [rows, inputs]),
  w: wave(scope, 2, [inputs, classes]),
  b: wave(scope, 3, [classes]),
});

const weights = [0.5, 2, 1, 0, 1.5];
const styles: Record<string, { probabilities?: true; options: LinearLossOptions }> = {
  labels: { options: { ignoreIndex: -100 } },
  "a sum": { options: { ignoreIndex: -100, reduction: "sum" } },
  "no reduction": { options: { ignoreIndex: -100, reduction: "none" } },
  "smoothing and class weights": { options: { ignoreIndex: -100, labelSmoothing: 0.2, classWeights: weights } },
  "row weights": { options: { ignoreIndex: -100, rowWeights: [1, 2, 3, 0, 0.5, 1, 4] } },
  "a denominator": { options: { ignoreIndex: -100, denominator: "batch" } },
  terms: { options: { ignoreIndex: -100, zLoss: 0.1, temperature: 0.7, softcap: 4 } },
  "focal and poly": { options: { ignoreIndex: -100, focal: 1.5, poly: 0.5 } },
  probabilities: { probabilities: true, options: {} },
  "probabilities with options": {
    probabilities: true,
    options: { labelSmoothing: 0.1, classWeights: weights, zLoss: 0.1, rowWeights: [1, 2, 3, 0, 0.5, 1, 4] },
  },
};

const chunked = [
  { maxBytes: 2 ** 20, chunks: "one chunk" },
  { maxBytes: 2 * classes * 8, chunks: "chunks of two rows" },
  { maxBytes: 1, chunks: "chunks of one row" },
];

async function expectSame(found: readonly Tensor[], expected: readonly Tensor[]): Promise<void> {
  for (const [i, tensor] of found.entries()) {
    expect(tensor.shape).toEqual(expected[i]!.shape);
    const [a, b] = [await numbers(tensor), await numbers(expected[i]!)];
    const scale = Math.max(1, ...b.map(Math.abs));
    for (const [n, value] of a.entries()) expect(Math.abs(value - b[n]!) / scale, `${i}, ${n}`).toBeLessThan(1e-14);
  }
}

describe.each(Object.entries(styles))("linearCrossEntropy with %s", (_, { probabilities, options }) => {
  const targetsIn = (scope: Scope | Device): Targets =>
    probabilities ? { probabilities: wave(scope, 9, [rows, classes]) } : { labels };
  const scalar = (loss: Tensor): Tensor => (loss.rank === 0 ? loss : sum(mul(loss, loss)));

  it.each(chunked)("is the loss of the logits, with its gradients ($chunks)", async ({ maxBytes }) => {
    const device = await openPlain();
    await device.scoped(async (scope) => {
      const [layer, targets] = [layerIn(scope), targetsIn(scope)];
      const whole = ({ x, w, b }: Layer): Tensor => softmaxCrossEntropy(linear(x, w, b), targets, options);
      const parts = ({ x, w, b }: Layer): Tensor => linearCrossEntropy(x, w, b, targets, { ...options, maxBytes });
      await expectSame([parts(layer)], [whole(layer)]);
      const [found, expected] = [parts, whole].map((f) => scope.valueAndGrad((p) => scalar(f(p)), layer));
      await expectSame([found!.value], [expected!.value]);
      await expectSame(Object.values(found!.gradients), Object.values(expected!.gradients));
    });
    expect(device.memory().handles).toBe(0);
  });

  it.each(chunked)("has the second derivatives of the loss of the logits ($chunks)", async ({ maxBytes }) => {
    const device = await openPlain();
    await device.scoped(async (scope) => {
      const [layer, direction, targets] = [
        layerIn(scope),
        { x: wave(scope, 4, [rows, inputs]), w: wave(scope, 5, [inputs, classes]), b: wave(scope, 6, [classes]) },
        targetsIn(scope),
      ];
      const whole = ({ x, w, b }: Layer): Tensor => scalar(softmaxCrossEntropy(linear(x, w, b), targets, options));
      const parts = ({ x, w, b }: Layer): Tensor =>
        scalar(linearCrossEntropy(x, w, b, targets, { ...options, maxBytes }));
      const [found, expected] = [parts, whole].map((f) => scope.hvp(f, layer, direction));
      await expectSame(Object.values(found!.gradients), Object.values(expected!.gradients));
      await expectSame(Object.values(found!.products), Object.values(expected!.products));
    });
    expect(device.memory().handles).toBe(0);
  });
});

it("takes W by classes, more batch axes and a single example", async () => {
  const device = await openPlain();
  await device.scoped(async (scope) => {
    const { x, w, b } = layerIn(scope);
    const more = reshape(x, [7, 1, inputs]);
    const expected = softmaxCrossEntropy(linear(x, w, b), { labels }, { ignoreIndex: -100, reduction: "none" });
    const found = linearCrossEntropy(
      more,
      transpose(w, [1, 0]),
      b,
      { labels: labels.map((label) => [label]) },
      { transposeW: true, ignoreIndex: -100, reduction: "none", maxBytes: 1 },
    );
    expect(found.shape).toEqual([7, 1]);
    await expectSame([reshape(found, [rows])], [expected]);
    const one = linearCrossEntropy(scope.tensor([1, 0, 0]), w, undefined, { labels: 2 as unknown as number[] });
    expect(one.shape).toEqual([]);
  });
});

it("differentiates by probabilities, row weights and a temperature on the device as the loss of the logits does", async () => {
  const device = await openPlain();
  for (const maxBytes of [2 ** 20, 1]) {
    await device.scoped(async (scope) => {
      const params = {
        ...layerIn(scope),
        q: wave(scope, 9, [rows, classes]),
        rowWeights: wave(scope, 11, [rows]),
        temperature: scope.tensor(0.7),
      };
      type Params = typeof params;
      const options = ({ rowWeights, temperature }: Params) =>
        ({ rowWeights, temperature, denominator: "rows", zLoss: 0.1 }) as const;
      const whole = (p: Params): Tensor =>
        softmaxCrossEntropy(linear(p.x, p.w, p.b), { probabilities: p.q }, options(p));
      const parts = (p: Params): Tensor =>
        linearCrossEntropy(p.x, p.w, p.b, { probabilities: p.q }, { ...options(p), maxBytes });
      const [found, expected] = [parts, whole].map((f) => scope.hvp(f, params, params));
      await expectSame(Object.values(found!.gradients), Object.values(expected!.gradients));
      await expectSame(Object.values(found!.products), Object.values(expected!.products));
      // Only the probabilities are differentiated: nothing of the layer is to be finished.
      const [one, other] = [parts, whole].map((f) => scope.grad((q) => f({ ...params, q }), params.q));
      await expectSame([one!], [other!]);
    });
  }
  expect(device.memory().handles).toBe(0);
});

it("answers an empty batch and one whose rows are all ignored with 0 and gradients of 0", async () => {
  const device = await openPlain();
  const { w, b } = layerIn(device);
  for (const [x, own] of [
    [device.tensor({ data: [], shape: [0, inputs] }), []],
    [wave(device, 1, [2, inputs]), [-100, -100]],
  ] as const) {
    const loss = (p: Layer): Tensor => linearCrossEntropy(p.x, p.w, p.b, { labels: own }, { ignoreIndex: -100 });
    const { value, gradients } = valueAndGrad(loss)({ x, w, b });
    expect(await value.item()).toBe(0);
    for (const gradient of Object.values(gradients)) {
      expect((await numbers(gradient)).every((number) => number === 0)).toBe(true);
    }
  }
});

it("refuses what does not fit before any kernel runs", async () => {
  const device = await openPlain();
  const { x, w, b } = layerIn(device);
  const call =
    (options: object, layer: Partial<Layer> = {}, targets: Targets = { labels: [0, 0, 0, 0, 0, 0, 0] }) =>
    () =>
      linearCrossEntropy(layer.x ?? x, layer.w ?? w, layer.b ?? b, targets, options);
  const op = "linearCrossEntropy";
  expectRefused(device, call({ transposeW: true }), "SHAPE", [op, "[7, 3]", "[3, 5]", "[classes, inputs]"]);
  expectRefused(device, call({}, { b: x }), "SHAPE", [op, "b [7, 3]"]);
  expectRefused(device, call({ maxBytes: 0 }), "OPTION", [op, "maxBytes"]);
  expectRefused(device, call({ transposeW: 1 }), "OPTION", [op, "transposeW"]);
  expectRefused(device, call({ axis: 0 }), "OPTION", [op, "axis", "a linear layer"]);
  expectRefused(device, call({ bytes: 1 }), "OPTION", [op, "bytes", "maxBytes"]);
  expectRefused(device, call({}, {}, { labels: [0, 0, 5, 0, 0, 0, 0] }), "LABEL", [op, "label 5 at row 2"]);
  expectRefused(device, call({}, {}, { probabilities: x }), "SHAPE", [op, "[7, 3]", "[7, 5]"]);
  expectRefused(device, call({}, { x: [1] as unknown as Tensor }), "VALUE", [op]);
});
