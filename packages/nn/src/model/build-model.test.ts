import { isSurprisalError, mul, relu, softmax, sum, type Tensor } from "@surprisal/core";
import { expect, test } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { dense, linear } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import type { Layer } from "../layers/layer.ts";
import { sequential } from "../layers/sequential.ts";
import { buildModel } from "./build-model.ts";

const network = sequential([linear(3, 4), relu, dropout(0.5), dense(2, { activation: "softmax" })]);

test("parameters are named by their place, and nothing else is left of building", async () => {
  const device = await openPlain();
  const { parameters } = buildModel(device, network);
  expect(Object.entries(parameters).map(([name, { shape }]) => [name, shape])).toEqual([
    ["0.w", [3, 4]],
    ["0.b", [4]],
    ["3.w", [4, 2]],
    ["3.b", [2]],
  ]);
  expect(device.memory().handles).toBe(4);
});

test("the same seed gives the same numbers on any device, another seed others", async () => {
  const [one, other] = [await openPlain(), await openPlain()];
  const w = async (...args: Parameters<typeof buildModel<Tensor>>): Promise<unknown> =>
    buildModel(...args).parameters["0.w"]!.data();
  expect(await w(one, network, { seed: 3 })).toEqual(await w(other, network, { seed: 3 }));
  expect(await w(one, network, { seed: 3 })).not.toEqual(await w(one, network, { seed: 4 }));
});

test("a list of layers may be made by a program", async () => {
  const hidden: Layer[] = [8, 6].map((units) => dense(units, { activation: "relu" }));
  const model = buildModel(await openPlain(), sequential([...hidden, dense(2)]), { inputShape: [3] });
  expect(Object.keys(model.parameters)).toEqual(["0.w", "0.b", "1.w", "1.b", "2.w", "2.b"]);
});

test("logits are what goes into the softmax at the end, and the output where there is none", async () => {
  const device = await openPlain();
  const x = device.tensor([[1, -2, 3]]);
  for (const last of [[dense(2, { activation: "softmax" })], [dense(2), softmax], [sequential([dense(2), softmax])]]) {
    const model = buildModel(device, sequential([linear(3, 4), ...last]));
    await expectClose(softmax(model.logits(x)), await model.apply(x).data());
    expect(model.layer.logits).toBeDefined();
  }
  const bare = buildModel(device, sequential([linear(3, 2)]));
  expect(await bare.logits(x).data()).toEqual(await bare.apply(x).data());
});

test("a layer of one's own has parameters, runs others inside it, and may share one layer's", async () => {
  const device = await openPlain();
  const gain: Layer = {
    name: "gain",
    apply: (x, context) => mul(x, context.parameter("g", x.shape.slice(-1), "ones")),
  };
  const twice: Layer = {
    name: "twice",
    apply: (x, context) => context.run("inner", gain, context.run("inner", gain, x)),
  };
  const model = buildModel(device, sequential([twice, gain]), { inputShape: [2] });
  expect(Object.keys(model.parameters)).toEqual(["0.inner.g", "1.g"]);
  await device.scoped(async (step) => {
    const x = step.tensor([[5, 7]]);
    const { gradients } = step.valueAndGrad((parameters) => sum(model.apply(x, { parameters })), model.parameters);
    await expectClose(gradients["0.inner.g"]!, [10, 14]); // ∂(g²·x)/∂g at g = 1
  });
});

test("a summary shows layers, outputs and counts", async () => {
  const device = await openPlain();
  const model = buildModel(device, sequential([sequential([linear(784, 128), relu]), dropout(0.2), dense(10)]));
  expect(model.summary()).toBe(
    [
      "Layer         Output       Parameters",
      "─────────────────────────────────────",
      "  0.0 linear  [rows, 128]     100,480",
      "  0.1 relu    [rows, 128]           0",
      "0 sequential  [rows, 128]     100,480",
      "1 dropout     [rows, 128]           0",
      "2 dense       [rows, 10]        1,290",
      "─────────────────────────────────────",
      "Total: 101,770",
    ].join("\n"),
  );
});

test("what does not fit is refused, and leaves no parameters behind", async () => {
  const device = await openPlain();
  await expectRefused(() => buildModel(device, dense(3)), "OPTION", "{ inputShape: [784] }");
  await expectRefused(() => buildModel(device, sequential([linear(3, 4), linear(5, 2)])), "SHAPE", "[1, 4]", "[5, 2]");
  await expectRefused(() => buildModel(device, dense(3), { input: [2] } as never), "OPTION", '"input"');
  expect(device.memory().handles).toBe(0);
});

test("inputs of another size than the model was built for are named with the parameter", async () => {
  const device = await openPlain();
  const model = buildModel(device, sequential([dense(4)]), { inputShape: [3] });
  await expectRefused(() => model.apply(device.tensor([[1, 2]])), "SHAPE", '"0.w" is [3, 4]', "[2, 4]");
  await expectRefused(() => model.apply(device.tensor([[1, 2, 3]]), { parameters: {} }), "VALUE", '"0.w"');
});

test("a model gives its parameters back", async () => {
  const device = await openPlain();
  const model = buildModel(device, network);
  model.dispose();
  expect(device.memory().handles).toBe(0);
  let error: unknown;
  try {
    model.apply(device.tensor([[1, 2, 3]]));
  } catch (thrown) {
    error = thrown;
  }
  expect(isSurprisalError(error, "DISPOSED")).toBe(true);
});
