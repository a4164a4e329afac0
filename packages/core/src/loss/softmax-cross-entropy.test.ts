import { describe, expect, it } from "vitest";
import { expectClose, numbers, openPlain } from "../../testing/claims.ts";
import {
  grad,
  hvp,
  type LossOptions,
  mul,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  sum,
  type Tensor,
  valueAndGrad,
  zeros,
} from "../index.ts";

const logits = [
  [1, 2, 3],
  [0.5, -1, 2],
  [-2, 0, 1],
];
const labels = [0, 2, 1];

/** −log softmax(z)_y, straight from the definition; these logits lose nothing. */
const rowLosses = logits.map((z, i) => Math.log(z.reduce((s, v) => s + Math.exp(v), 0)) - z[labels[i]!]!);
const weights = [0.5, 2, 1];

describe("the reductions", () => {
  const total = rowLosses.reduce((a, b) => a + b);
  const weighted = rowLosses.map((loss, i) => loss * weights[labels[i]!]!);
  it.each<[string, LossOptions, number[]]>([
    ["mean", {}, [total / 3]],
    ["sum", { reduction: "sum" }, [total]],
    ["none", { reduction: "none" }, rowLosses],
    [
      "a weighted mean divides by the weights (PyTorch)",
      { classWeights: weights },
      [weighted.reduce((a, b) => a + b) / 3.5],
    ],
    ["ignored rows leave the mean", { ignoreIndex: 2 }, [(rowLosses[0]! + rowLosses[2]!) / 2]],
    ["ignored rows are 0 in none", { ignoreIndex: [0, 1], reduction: "none" }, [0, rowLosses[1]!, 0]],
    ["nothing live", { ignoreIndex: [0, 1, 2] }, [0]],
    ["all weights 0", { classWeights: [0, 0, 0] }, [0]],
  ])("%s", async (_, options, expected) => {
    const device = await openPlain();
    const z = device.tensor(logits);
    await expectClose(softmaxCrossEntropy(z, { labels }, options), expected, 1e-14);
  });

  it("of an empty batch are 0, or []", async () => {
    const device = await openPlain();
    const z = device.tensor(zeros(0, 3));
    await expectClose(softmaxCrossEntropy(z, { labels: [] }), [0]);
    await expectClose(softmaxCrossEntropy(z, { labels: [] }, { reduction: "sum" }), [0]);
    expect(softmaxCrossEntropy(z, { labels: [] }, { reduction: "none" }).shape).toEqual([0]);
    expect(grad((y: Tensor) => softmaxCrossEntropy(y, { labels: [] }))(z).shape).toEqual([0, 3]);
  });

  it("keep the batch's shape: none for a single example, as many axes as there are", async () => {
    const device = await openPlain();
    const row = device.tensor(logits[0]!);
    const alone = softmaxCrossEntropy(row, { labels: 0 }, { reduction: "none" });
    expect(alone.shape).toEqual([]);
    await expectClose(alone, [rowLosses[0]!], 1e-14);
    await expectClose(softmaxCrossEntropy(row, { labels: [0] }), [rowLosses[0]!], 1e-14);
    const cube = device.tensor([logits], [1, 3, 3]);
    expect(softmaxCrossEntropy(cube, { labels: [labels] }, { reduction: "none" }).shape).toEqual([1, 3]);
  });
});

describe("the gradient", () => {
  it("is the same finished in the forward pass, under a cotangent tensor, as an op, and recorded twice", async () => {
    const device = await openPlain();
    const z = device.tensor(logits);
    const half = device.tensor(0.5);
    const options: LossOptions = { labelSmoothing: 0.1, classWeights: weights };
    const loss = (y: Tensor): Tensor => softmaxCrossEntropy(y, { labels }, options);
    const finished = await numbers(grad(loss)(z));
    await expectClose(softmaxCrossEntropyGradient(z, { labels }, options), finished);
    await expectClose(hvp(loss, z, z).gradients, finished);
    const halved = finished.map((value) => value / 2);
    await expectClose(grad((y: Tensor) => mul(loss(y), half))(z), halved);
    await expectClose(softmaxCrossEntropyGradient(z, { labels }, { ...options, upstream: half }), halved);
    await expectClose(softmaxCrossEntropyGradient(z, { labels }, { ...options, upstream: 0.5 }), halved);
    const tape = device.scope().gradientTape({ persistent: true });
    const watched = tape.watch(z);
    await expectClose(tape.gradient(loss(watched), watched), finished);
  });

  it("has as many rows as the loss has, each under its own cotangent", async () => {
    const device = await openPlain();
    const z = device.tensor(logits);
    const u = device.tensor([2, 0, -1]);
    const rows = (y: Tensor): Tensor => softmaxCrossEntropy(y, { labels }, { reduction: "none" });
    const each = await numbers(softmaxCrossEntropyGradient(z, { labels }, { reduction: "sum" }));
    const expected = each.map((value, i) => value * [2, 0, -1][Math.floor(i / 3)]!);
    await expectClose(grad((y: Tensor) => sum(mul(rows(y), u)))(z), expected);
    await expectClose(softmaxCrossEntropyGradient(z, { labels }, { reduction: "none", upstream: u }), expected);
  });

  it("sums to 0 over the classes of a row, and is S·p − T for targets of any mass (docs/semantics.md §4)", async () => {
    const device = await openPlain();
    const z = device.tensor([1, 2, 3]);
    const probabilities = device.tensor([1, 1, 0]);
    const { value, gradients } = valueAndGrad((y: Tensor) => softmaxCrossEntropy(y, { probabilities }))(z);
    const p = [1, 2, 3].map((v) => Math.exp(v) / (Math.exp(1) + Math.exp(2) + Math.exp(3)));
    await expectClose(value, [-Math.log(p[0]!) - Math.log(p[1]!)], 1e-14);
    await expectClose(gradients, [2 * p[0]! - 1, 2 * p[1]! - 1, 2 * p[2]!], 1e-14);
  });

  it("by the probabilities is −log p, shared over the rows", async () => {
    const device = await openPlain();
    const [z, q] = [
      device.tensor([
        [0, 0],
        [0, Math.log(3)],
      ]),
      device.tensor([
        [1, 0],
        [0.5, 0.5],
      ]),
    ];
    const gradient = grad((t: Tensor) => softmaxCrossEntropy(z, { probabilities: t }))(q);
    await expectClose(gradient, [Math.LN2 / 2, Math.LN2 / 2, Math.log(4) / 2, Math.log(4 / 3) / 2], 1e-14);
  });

  it("does not see ignored rows, NaN in their logits included", async () => {
    const device = await openPlain();
    const z = device.tensor([
      [Number.NaN, 0],
      [0, 0],
    ]);
    const loss = (y: Tensor): Tensor => softmaxCrossEntropy(y, { labels: [-1, 0] }, { ignoreIndex: -1 });
    const { value, gradients, products } = hvp(
      loss,
      z,
      device.tensor([
        [1, 1],
        [1, 0],
      ]),
    );
    await expectClose(value, [Math.LN2], 1e-15);
    await expectClose(gradients, [0, 0, -0.5, 0.5]);
    await expectClose(products, [0, 0, 0.25, -0.25]);
  });
});
