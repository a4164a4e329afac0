/**
 * Answers measured on the systems themselves: TensorFlow 2.21.0, Keras 3.15.1 on it, PyTorch 2.13.0, JAX 0.10.2 with optax
 * 0.2.8, ONNX 1.23.1 (reference) and ONNX Runtime 1.30.0, all on a CPU in float32, printed with six digits. Each name says
 * which.
 */
import { describe, expect, it } from "vitest";
import { expectRefused, numbers, openPlain } from "../../testing/claims.ts";
import { keras, lossAs, onnx, optax, type Preset, s4tf, tensorflow, torch } from "../compat.ts";
import type { LossOptions, NestedNumbers, Targets, Tensor } from "../index.ts";

const TWO = [
  [1, 2, 3],
  [1, 2, 3],
];
const ONE_HOT = [
  [1, 0, 0],
  [0, 0, 1],
];
const W = [1, 2, 4];

type GoldenTargets = { readonly labels: number[] } | { readonly probabilities: NestedNumbers };

interface Golden {
  readonly logits?: NestedNumbers;
  readonly targets: GoldenTargets;
  readonly options?: LossOptions;
  readonly loss: readonly number[] | number;
  /** Of the loss, or of the sum of its rows. */
  readonly gradient?: readonly (readonly number[])[];
}

/** Computes what a system measured, and holds it to six digits. */
async function expectGolden(preset: Preset, golden: Golden): Promise<void> {
  const device = await openPlain("f32");
  const { options = {} } = golden;
  const z = device.tensor(golden.logits ?? TWO);
  const targets: Targets =
    "labels" in golden.targets ? golden.targets : { probabilities: device.tensor(golden.targets.probabilities) };
  const found = await numbers(lossAs(z, targets, preset, options));
  expectDigits(found, [golden.loss].flat());
  if (golden.gradient === undefined) return;
  const reduction = options.reduction ?? preset.reduction;
  const scalar = reduction === "none" ? "sum" : reduction;
  const { gradients } = device
    .scope()
    .valueAndGrad((x) => lossAs(x, targets, preset, { ...options, reduction: scalar }), z);
  expectDigits(await numbers(gradients), golden.gradient.flat());
}

function expectDigits(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    if (!Number.isFinite(value)) expect(found[i]).toBe(value);
    else
      expect(Math.abs(found[i]! - value), `${found[i]}, measured ${value}`).toBeLessThanOrEqual(
        1e-6 * Math.max(1, Math.abs(value)),
      );
  }
}

const ROW_0 = [-0.909969, 0.244728, 0.665241];
const ROW_2 = [0.090031, 0.244728, -0.334759];
const NONE = [0, 0, 0];

describe("PyTorch 2.13.0, measured:", () => {
  it.each<[string, Golden]>([
    [
      "class weights over class indices: the mean divides by Σ w_y",
      {
        targets: { labels: [0, 2] },
        options: { classWeights: W },
        loss: 0.807606,
        gradient: [
          [-0.181994, 0.048946, 0.133048],
          [0.072024, 0.195783, -0.267807],
        ],
      },
    ],
    [
      "the same weights over the same targets as one-hot rows: by their number",
      {
        targets: { probabilities: ONE_HOT },
        options: { classWeights: W },
        loss: 2.019015,
        gradient: [
          [-0.454985, 0.122364, 0.332621],
          [0.180061, 0.489457, -0.669518],
        ],
      },
    ],
    [
      "class weights and smoothing",
      {
        targets: { labels: [0, 2] },
        options: { classWeights: W, labelSmoothing: 0.1 },
        loss: 0.818222,
        gradient: [
          [-0.16626, 0.042138, 0.124121],
          [0.062357, 0.174292, -0.236649],
        ],
      },
    ],
    [
      "class weights and smoothing, row by row",
      {
        targets: { labels: [0, 2] },
        options: { classWeights: W, labelSmoothing: 0.1, reduction: "none" },
        loss: [2.395287, 1.695823],
        gradient: [
          [-0.831299, 0.210692, 0.620606],
          [0.311784, 0.871459, -1.183243],
        ],
      },
    ],
    [
      "class weights and smoothing over one-hot rows",
      {
        targets: { probabilities: ONE_HOT },
        options: { classWeights: W, labelSmoothing: 0.1 },
        loss: 2.045555,
        gradient: [
          [-0.415649, 0.105346, 0.310303],
          [0.155892, 0.43573, -0.591621],
        ],
      },
    ],
    ["label −100 is skipped unasked", { targets: { labels: [-100, 2] }, loss: 0.407606, gradient: [NONE, ROW_2] }],
    [
      "label −100, row by row",
      { targets: { labels: [-100, 2] }, options: { reduction: "none" }, loss: [0, 0.407606], gradient: [NONE, ROW_2] },
    ],
    [
      "all rows ignored: NaN, gradient 0",
      { targets: { labels: [-100, -100] }, loss: Number.NaN, gradient: [NONE, NONE] },
    ],
    [
      "all rows ignored, summed",
      { targets: { labels: [-100, -100] }, options: { reduction: "sum" }, loss: 0, gradient: [NONE, NONE] },
    ],
    ["all weights 0: NaN", { targets: { labels: [0, 2] }, options: { classWeights: [0, 0, 0] }, loss: Number.NaN }],
    [
      "−∞ beside the label, smoothed",
      {
        logits: [[Number.NEGATIVE_INFINITY, 0, 1]],
        targets: { labels: [1] },
        options: { labelSmoothing: 0.1, reduction: "none" },
        loss: [Number.POSITIVE_INFINITY],
        gradient: [[-0.033333, -0.664392, 0.697725]],
      },
    ],
    [
      "probabilities that sum to 2: gradient S·p − T",
      {
        logits: [[1, 2, 3]],
        targets: { probabilities: [[1, 1, 0]] },
        loss: 3.815212,
        gradient: [[-0.819939, -0.510543, 1.330482]],
      },
    ],
    ["one example without a batch", { logits: [1, 2, 3], targets: { labels: [2] }, loss: 0.407606 }],
  ])("%s", (_, golden) => expectGolden(torch, golden));

  it("a mean over an empty batch is NaN, a sum 0", async () => {
    const device = await openPlain("f32");
    const z = device.tensor(new Float32Array(0), [0, 3]);
    expect(await lossAs(z, { labels: [] }, torch).item()).toBe(Number.NaN);
    expect(await lossAs(z, { labels: [] }, torch, { reduction: "sum" }).item()).toBe(0);
  });
});

describe("TensorFlow 2.21.0, measured:", () => {
  it.each<[string, Golden]>([
    [
      "sparse: one loss a row",
      { logits: [[500, -500, 0]], targets: { labels: [1] }, loss: [1000], gradient: [[1, -1, 0]] },
    ],
    [
      "probabilities that sum to 2: gradient p − q",
      {
        logits: [[1, 2, 3]],
        targets: { probabilities: [[1, 1, 0]] },
        loss: [3.815212],
        gradient: [[-0.909969, -0.755272, 0.665241]],
      },
    ],
    [
      "probabilities that sum to 0.5",
      {
        logits: [[1, 2, 3]],
        targets: { probabilities: [[0.25, 0.25, 0]] },
        loss: [0.953803],
        gradient: [[-0.159969, -0.005272, 0.665241]],
      },
    ],
    [
      "a row of zeros has loss 0 and the gradient p",
      {
        logits: [[1, 2, 3]],
        targets: { probabilities: [[0, 0, 0]] },
        loss: [0],
        gradient: [[0.090031, 0.244728, 0.665241]],
      },
    ],
    [
      "a negative target",
      {
        logits: [[1, 2, 3]],
        targets: { probabilities: [[-1, 1, 1]] },
        loss: [-0.592394],
        gradient: [[1.090031, -0.755272, -0.334759]],
      },
    ],
    [
      "target 0 at −∞, as compiled by XLA (eager: NaN)",
      {
        logits: [[Number.NEGATIVE_INFINITY, 0, 1]],
        targets: { probabilities: [[0, 1, 0]] },
        loss: [1.313262],
        gradient: [[0, -0.731059, 0.731059]],
      },
    ],
  ])("%s", (_, golden) => expectGolden(tensorflow, golden));

  it("reduce_mean over an empty batch is NaN", async () => {
    const device = await openPlain("f32");
    const z = device.tensor(new Float32Array(0), [0, 3]);
    expect(await lossAs(z, { labels: [] }, tensorflow, { reduction: "mean" }).item()).toBe(Number.NaN);
  });

  it("the gradient by the labels is −log p, and Hessians are those of p − q", async () => {
    const device = await openPlain("f64");
    const scope = device.scope();
    const [z, q] = [device.tensor([[1, 2, 3]]), device.tensor([[1, 1, 0]])];
    const toTargets = scope.grad((t) => lossAs(z, { probabilities: t }, tensorflow, { reduction: "sum" }), q);
    expectDigits(await numbers(toTargets), [2.407606, 1.407606, 0.407606]);
    const v = device.tensor([[1, 0, 0]]);
    const { products } = scope.hvp((x) => lossAs(x, { probabilities: q }, tensorflow, { reduction: "sum" }), z, v);
    expectDigits(await numbers(products), [0.081925, -0.022033, -0.059892]);
  });
});

describe("Keras 3.15.1, measured:", () => {
  const ignoreIndex = -1;
  it.each<[string, Golden]>([
    [
      "ignore_class",
      { targets: { labels: [-1, 2] }, options: { ignoreIndex }, loss: 0.407606, gradient: [NONE, ROW_2] },
    ],
    [
      "ignore_class, row by row",
      { targets: { labels: [-1, 2] }, options: { ignoreIndex, reduction: "none" }, loss: [0, 0.407606] },
    ],
    ["all rows ignored: 0", { targets: { labels: [-1, -1] }, options: { ignoreIndex }, loss: 0 }],
    [
      "a NaN row, ignored",
      {
        logits: [
          [Number.NaN, 0, 1],
          [1, 2, 3],
        ],
        targets: { labels: [-1, 2] },
        options: { ignoreIndex },
        loss: 0.407606,
      },
    ],
    [
      "sample weights divide by the number of rows",
      { targets: { labels: [0, 2] }, options: { rowWeights: [1, 3] }, loss: 1.815212 },
    ],
    ["sample weights 0", { targets: { labels: [0, 2] }, options: { rowWeights: [0, 0] }, loss: 0 }],
    [
      'the reduction "mean_with_sample_weight" divides by the weights',
      { targets: { labels: [0, 2] }, options: { rowWeights: [1, 3], denominator: "weights" }, loss: 0.907606 },
    ],
    [
      "label smoothing of one-hot rows",
      {
        targets: { probabilities: ONE_HOT },
        options: { labelSmoothing: 0.1, reduction: "none" },
        loss: [2.307606, 0.507606],
      },
    ],
  ])("%s", (_, golden) => expectGolden(keras, golden));
});

describe("ONNX 1.23.1 and ONNX Runtime 1.30.0, measured:", () => {
  it.each<[string, Golden]>([
    ["mean", { targets: { labels: [0, 2] }, loss: 1.407606 }],
    [
      "class weights: the mean divides by Σ w_y",
      { targets: { labels: [0, 2] }, options: { classWeights: W }, loss: 0.807606 },
    ],
    [
      "class weights, row by row",
      { targets: { labels: [0, 2] }, options: { classWeights: W, reduction: "none" }, loss: [2.407606, 1.630424] },
    ],
    ["ignore_index", { targets: { labels: [-1, 2] }, options: { ignoreIndex: -1 }, loss: 0.407606 }],
    [
      "ignore_index in the range of classes",
      { targets: { labels: [0, 2] }, options: { ignoreIndex: 0 }, loss: 0.407606 },
    ],
    ["all rows ignored: NaN", { targets: { labels: [-1, -1] }, options: { ignoreIndex: -1 }, loss: Number.NaN }],
    ["label −1 is the last class", { targets: { labels: [-1, 2] }, loss: 0.407606 }],
    ["±1e30", { logits: [[1e30, -1e30, 0]], targets: { labels: [1] }, loss: 2e30 }],
  ])("%s", (_, golden) => expectGolden(onnx, golden));
});

describe("optax 0.2.8, measured:", () => {
  it.each<[string, Golden]>([
    [
      "label −1 is the last class",
      { targets: { labels: [-1, 2] }, loss: [0.407606, 0.407606], gradient: [ROW_2, ROW_2] },
    ],
    [
      "probabilities that sum to 2: gradient S·p − T",
      {
        logits: [[1, 2, 3]],
        targets: { probabilities: [[1, 1, 0]] },
        loss: [3.815212],
        gradient: [[-0.819939, -0.510543, 1.330482]],
      },
    ],
  ])("%s", (_, golden) => expectGolden(optax, golden));
});

describe("Swift for TensorFlow, from its source:", () => {
  it.each<[string, Golden]>([
    [
      "the mean over the batch",
      { targets: { labels: [0, 2] }, loss: 1.407606, gradient: [ROW_0.map((x) => x / 2), ROW_2.map((x) => x / 2)] },
    ],
    [
      "TensorFlow's gradient for probabilities",
      {
        logits: [[1, 2, 3]],
        targets: { probabilities: [[1, 1, 0]] },
        loss: 3.815212,
        gradient: [[-0.909969, -0.755272, 0.665241]],
      },
    ],
  ])("%s", (_, golden) => expectGolden(s4tf, golden));
});

describe("a label that names no class is refused", () => {
  it.each<[string, Preset, number]>([
    ["by TensorFlow: −1", tensorflow, -1],
    ["by Keras: −1", keras, -1],
    ["by PyTorch: −1", torch, -1],
    ["by PyTorch: C", torch, 3],
    ["by ONNX: below −C", onnx, -5],
    ["by ONNX: C", onnx, 3],
    ["here for optax, which gives NaN: below −C", optax, -5],
    ["here for optax, which gives NaN: C", optax, 3],
  ])("%s", async (_, preset, label) => {
    const device = await openPlain("f32");
    const z = device.tensor(TWO);
    expectRefused(device, () => lossAs(z, { labels: [label, 2] }, preset), "LABEL", [`label ${label} at row 0`]);
  });
});

describe("what is a defect there is none here:", () => {
  it("optax' integer labels lose an offset of 1e6 (0.0625), PyTorch's confident rows are 0, its ignored NaN spreads", async () => {
    const device = await openPlain("f32");
    const shifted = device.tensor([[1e6 + 2, 1e6 - 1, 1e6 - 10]]);
    expectDigits(await numbers(lossAs(shifted, { labels: [0] }, optax)), [0.048593]);
    const confident = device.tensor([[50, 0, 0]]);
    expect(await lossAs(confident, { labels: [0] }, torch).item()).toBeCloseTo(3.8575e-22, 25);
    const spread = device.tensor([
      [Number.NaN, 0, 1],
      [1, 2, 3],
    ]);
    const gradient = device.scope().grad((z) => lossAs(z, { labels: [-100, 2] }, torch), spread);
    expectDigits(await numbers(gradient), [...NONE, ...ROW_2]);
  });

  it("confident one-hot rows keep their gradient under TensorFlow's rule p − q", async () => {
    const device = await openPlain("f32");
    const q = device.tensor([[1, 0, 0]]);
    const loss = (z: Tensor): Tensor => lossAs(z, { probabilities: q }, tensorflow, { reduction: "sum" });
    const gradient = await numbers(device.scope().grad(loss, device.tensor([[50, 0, 0]])));
    expect(gradient[0]! / -3.8575e-22).toBeCloseTo(1, 4);
  });
});
