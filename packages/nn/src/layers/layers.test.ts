import { type Device, gradCheck, isSurprisalError, mul, relu, square, sum, type Tensor } from "@surprisal/core";
import { describe, expect, test } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { buildModel, type Model } from "../model/build-model.ts";
import { loadStateDict } from "../state/state-dict.ts";
import { activation } from "./activation.ts";
import { dense, linear } from "./dense.ts";
import { dropout } from "./dropout.ts";
import { embedding, embeddingBag } from "./embedding.ts";
import { flatten } from "./flatten.ts";
import type { Layer } from "./layer.ts";
import { layerNorm } from "./layer-norm.ts";
import { sequential } from "./sequential.ts";

const built = async <X>(layer: Layer<X>, inputShape?: number[]): Promise<{ device: Device; model: Model<X> }> => {
  const device = await openPlain();
  return { device, model: buildModel(device, layer, inputShape ? { inputShape, seed: 5 } : { seed: 5 }) };
};

const weights = { w: { shape: [2, 3], data: [1, -2, 3, 4, 5, -6] }, b: { shape: [3], data: [0.5, 0, -1] } };

describe("dense and linear", () => {
  test("compute x·w + b, through an activation", async () => {
    const { device, model } = await built(dense(3, { activation: "relu" }), [2]);
    loadStateDict(model.parameters, weights);
    await expectClose(model.apply(device.tensor([[1, 2]])), [9.5, 8, 0]); // relu of [9.5, 8, −10]
    const plain = buildModel(device, linear(2, 3));
    loadStateDict(plain.parameters, weights);
    await expectClose(plain.apply(device.tensor([[1, 2]])), [9.5, 8, -10]);
  });

  test("take as many inputs as come, over any axes before the last", async () => {
    const { device, model } = await built(dense(4, { useBias: false }), [3, 2]);
    expect(Object.keys(model.parameters)).toEqual(["w"]);
    expect(model.apply(device.tensor(new Float32Array(30), [5, 3, 2])).shape).toEqual([5, 3, 4]);
  });

  test("begin as Keras and PyTorch begin", async () => {
    const { model } = await built(dense(50), [100]);
    expect(await model.parameters.b!.data()).toEqual(new Float64Array(50));
    const limit = Math.sqrt(6 / 150);
    const w = await model.parameters.w!.data();
    expect(Math.max(...w)).toBeLessThanOrEqual(limit);
    expect(Math.max(...w)).toBeGreaterThan(limit * 0.98);
    const torch = await built(linear(100, 50));
    const b = await torch.model.parameters.b!.data();
    expect(Math.max(...b.map(Math.abs))).toBeLessThanOrEqual(0.1); // 1/√100, for the bias too
    expect(Math.max(...b.map(Math.abs))).toBeGreaterThan(0.08);
  });

  test("refuse counts and names that do not exist", async () => {
    await expectRefused(() => dense(0), "OPTION", "dense: units is a whole number above 0, not 0");
    await expectRefused(() => dense(3, { activation: "swish" as never }), "OPTION", '"swish"', "relu, gelu");
    await expectRefused(() => linear(2.5, 1), "OPTION", "inputs", "2.5");
    await expectRefused(() => built(dense(3, { kernelInitialiser: "he" as never }), [2]), "OPTION", '"he"', "heNormal");
  });
});

describe("embeddings", () => {
  const table = { "0.table": { shape: [3, 2], data: [1, 2, 10, 20, 100, 200] } };

  test("look up rows by index, from nested arrays or flat with a shape", async () => {
    const { device, model } = await built(sequential([embedding(3, 2)]));
    loadStateDict(model.parameters, table);
    expect(await model.apply([[2, 0]]).array()).toEqual([
      [
        [100, 200],
        [1, 2],
      ],
    ]);
    expect(model.apply({ data: Uint8Array.of(0, 1, 2, 1), shape: [2, 2] }).shape).toEqual([2, 2, 2]);
    await expectRefused(() => model.apply([3]), "LABEL", "index 3");
    expect(device.memory().handles).toBeGreaterThan(0);
  });

  test("bags have the mean or the sum of their rows, and an empty bag 0", async () => {
    const { device, model } = await built(sequential([embeddingBag(3, 2)]));
    loadStateDict(model.parameters, table);
    await expectClose(model.apply([[0, 1], [], [2, 2, 2]]), [5.5, 11, 0, 0, 100, 200]);
    await expectClose(model.apply({ data: [0, 1, 2, 2], shape: [2, 2] }), [5.5, 11, 100, 200]);
    const sums = buildModel(device, sequential([embeddingBag(3, 2, { mode: "sum" })]));
    loadStateDict(sums.parameters, table);
    await expectClose(sums.apply([[0, 1], [1]]), [11, 22, 10, 20]);
    await expectRefused(() => model.apply([1] as never), "VALUE", "bags are an array of arrays");
  });

  test("a bag's gradient is spread over its rows", async () => {
    const { device, model } = await built(embeddingBag(3, 1));
    await device.scoped(async (step) => {
      const f = (parameters: Readonly<Record<string, Tensor>>): Tensor =>
        sum(model.apply([[0, 0, 2], [2]], { parameters }));
      const { gradients } = step.valueAndGrad(f, model.parameters);
      await expectClose(gradients.table!, [2 / 3, 0, 4 / 3]);
    });
    expect(device.memory().handles).toBe(1);
  });
});

describe("dropout", () => {
  test("drops in training alone, and keeps the mean", async () => {
    const { device, model } = await built(sequential([dropout(0.25), linear(1, 1)]), [1]);
    const layer = buildModel(device, dropout(0.25), { inputShape: [4000] });
    const x = device.tensor(new Float64Array(4000).fill(3), [1, 4000]);
    expect(await layer.apply(x).data()).toEqual(await x.data());
    const dropped = await layer.apply(x, { training: true, step: 0 }).data();
    const kept = dropped.filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([3 / 0.75]));
    expect(Math.abs(kept.length / 4000 - 0.75)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 4000));
    expect(model.parameters["1.w"]!.shape).toEqual([1, 1]);
  });

  test("draws by seed, layer and step, on every device the same", async () => {
    const layer = sequential([dropout(0.5), dropout(0.5)]);
    const masks = async (device: Device, step: number, seed: number): Promise<number[]> => {
      const model = buildModel(device, layer, { inputShape: [64], seed });
      return [...(await model.apply(device.tensor([new Array(64).fill(1)]), { training: true, step }).data())];
    };
    const [one, other] = [await openPlain(), await openPlain("f32")];
    expect(await masks(one, 3, 1)).toEqual(await masks(other, 3, 1));
    expect(await masks(one, 4, 1)).not.toEqual(await masks(one, 3, 1));
    expect(await masks(one, 3, 2)).not.toEqual(await masks(one, 3, 1));
    // Both layers with one mask would keep one half, not a quarter.
    expect((await masks(one, 3, 1)).filter((value) => value !== 0).length).toBeLessThan(28);
  });

  test("wants to know the step, and a rate below 1", async () => {
    const { device, model } = await built(sequential([dropout(0.5)]), [2]);
    const x = device.tensor([[1, 2]]);
    await expectRefused(() => model.apply(x, { training: true }), "OPTION", 'layer "0"', "{ training: true, step }");
    await expectRefused(() => dropout(1), "OPTION", "dropout: the rate is from 0 to below 1, not 1");
  });
});

test("layer normalisation is (x − mean)/√(variance + ε)·γ + β", async () => {
  const { device, model } = await built(layerNorm(), [4]);
  const root = Math.sqrt(1.25 + 1e-5);
  await expectClose(model.apply(device.tensor([[1, 2, 3, 4]])), [-1.5 / root, -0.5 / root, 0.5 / root, 1.5 / root]);
  loadStateDict(model.parameters, {
    gamma: { shape: [4], data: [2, 2, 2, 2] },
    beta: { shape: [4], data: [1, 1, 1, 1] },
  });
  await expectClose(model.apply(device.tensor([[5, 5, 5, 5]])), [1, 1, 1, 1]);
});

test("activations go by name or as functions", async () => {
  const device = await openPlain();
  const x = device.tensor([[-1, 2]]);
  const apply = (layer: Layer): Tensor => buildModel(device, layer, { inputShape: [2] }).apply(x);
  await expectClose(apply(activation("relu")), [0, 2]);
  await expectClose(apply(activation("sigmoid")), [1 / (1 + Math.E), 1 / (1 + Math.exp(-2))]);
  await expectClose(apply(activation("tanh")), [Math.tanh(-1), Math.tanh(2)], 1e-9);
  await expectClose(apply(activation("gelu")), [-0.15865525393145707, 1.9544997361036416], 1e-9); // torch, float64
  await expectClose(apply(activation(square)), [1, 4]);
  await expectClose(apply(sequential([relu, (y) => mul(y, 10)])), [0, 20]);
});

test("flatten keeps rows and joins the rest", async () => {
  const { device, model } = await built(flatten({ inputShape: [2, 3] }));
  expect(model.apply(device.tensor(new Float32Array(24), [4, 2, 3])).shape).toEqual([4, 6]);
});

test("every layer's gradient agrees with differences", async () => {
  const { device, model } = await built(
    sequential([
      flatten({ inputShape: [2, 2] }),
      linear(4, 5),
      layerNorm(),
      activation("gelu"),
      dense(3, { activation: "tanh" }),
    ]),
  );
  const x = device.tensor([1, -2, 0.5, 3, 0, 1, 2, -1], [2, 2, 2]);
  const check = await gradCheck(
    (parameters: Readonly<Record<string, Tensor>>) => sum(square(model.apply(x, { parameters }))),
    model.parameters,
  );
  expect(check.ok, JSON.stringify(check.worst)).toBe(true);
});

test("what is no layer is refused where it stands", () => {
  let error: unknown;
  try {
    sequential([dense(2), "relu" as never]);
  } catch (thrown) {
    error = thrown;
  }
  expect(isSurprisalError(error, "VALUE")).toBe(true);
  expect((error as Error).message).toContain("sequential: layer 1 is relu");
});
