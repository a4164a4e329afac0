import type { HostTensor } from "@surprisal/core";
import { expect, test } from "vitest";
import { expectRefused, openPlain } from "../../testing/claims.ts";
import {
  adam,
  adamW,
  buildModel,
  type CompiledModel,
  type CompileOptions,
  compile,
  decodeSafetensors,
  dense,
  dropout,
  encodeSafetensors,
  loadStateDict,
  type Model,
  randomStream,
  sequential,
  sgd,
  stateDict,
} from "../index.ts";

const layers = sequential([dense(5, { activation: "relu", inputShape: [3] }), dropout(0.3), dense(3)]);
const random = randomStream(1);
const x = { shape: [20, 3], data: Float64Array.from({ length: 60 }, () => random.nextFloat()) };
const y = Uint8Array.from({ length: 20 }, () => random.nextBelow(3));

const optimizers: Readonly<Record<string, Exclude<CompileOptions["optimizer"], string>>> = {
  adam: (parameters) => adam(parameters, { learningRate: 0.1 }),
  adamW: (parameters) => adamW(parameters, { learningRate: 0.1 }),
  "sgd without memory": (parameters) => sgd(parameters, { learningRate: 0.1 }),
  "sgd with momentum": (parameters) => sgd(parameters, { learningRate: 0.1, momentum: 0.9, nesterov: true }),
  // The first step of all is undampened: a resumed one must not be.
  "sgd with dampening": (parameters) => sgd(parameters, { learningRate: 0.1, momentum: 0.9, dampening: 0.5 }),
};

const compiled = (model: Model, optimizer: CompileOptions["optimizer"]): CompiledModel =>
  compile(model, { optimizer, loss: "sparse_categorical_crossentropy" });

test.for(Object.entries(optimizers))(
  "%s: ten steps, a file, and ten more come to the same bits as twenty",
  async ([, optimizer]) => {
    const device = await openPlain("f32");
    // Two epochs of ten batches of two.
    const whole = compiled(buildModel(device, layers, { seed: 1 }), optimizer);
    await whole.fit(x, y, { epochs: 2, batchSize: 2 });

    const first = compiled(buildModel(device, layers, { seed: 1 }), optimizer);
    await first.fit(x, y, { batchSize: 2 });
    const weights = encodeSafetensors(await stateDict(first.model.parameters));
    const memory = encodeSafetensors(await first.optimizer.stateDict());

    const second = compiled(buildModel(device, layers, { seed: 1 }), optimizer);
    loadStateDict(second.model.parameters, decodeSafetensors(weights).tensors);
    second.optimizer.loadStateDict(decodeSafetensors(memory).tensors);
    expect(second.optimizer.steps).toBe(10);
    await second.fit(x, y, { initialEpoch: 1, epochs: 2, batchSize: 2 });
    expect(await stateDict(second.model.parameters)).toEqual(await stateDict(whole.model.parameters));
    expect(await second.optimizer.stateDict()).toEqual(await whole.optimizer.stateDict());
  },
);

test("a state has the steps, the rate as it was set, and the moments by their parameters' names", async () => {
  const device = await openPlain();
  const params = { w: device.parameter([1, 2]), b: device.parameter([3]) };
  const optimizer = adam(params);
  optimizer.learningRate = 0.25;
  optimizer.update({ w: device.tensor([1, -1]), b: device.tensor([2]) });
  const saved = optimizer.stateDict();
  optimizer.update({ w: device.tensor([1, -1]), b: device.tensor([2]) }); // comes too late for what is being saved
  const state = await saved;
  expect(Object.keys(state)).toEqual(["steps", "learningRate", "mean.w", "mean.b", "variance.w", "variance.b"]);
  expect([...state.steps!.data, ...state.learningRate!.data, ...state["mean.b"]!.data]).toEqual([
    1,
    0.25,
    2 * (1 - 0.9),
  ]);
});

test("a state that does not fit is refused, and nothing is written", async () => {
  const device = await openPlain();
  const optimizer = adam({ w: device.parameter([1, 2]) });
  const state = await optimizer.stateDict();
  const { steps, ...rest } = state;
  const one: HostTensor = { shape: [], data: [1] };
  const changed = { ...state, steps: one, "mean.w": { shape: [2], data: [7, 7] } };
  const { learningRate, ...rateless }: Record<string, HostTensor> = changed;
  await expectRefused(() => optimizer.loadStateDict(rest), "VALUE", 'adam: the state has no number "steps"');
  await expectRefused(() => optimizer.loadStateDict(rateless), "VALUE", '"learningRate"');
  await expectRefused(() => optimizer.loadStateDict(null as never), "VALUE", '"steps"');
  await expectRefused(() => optimizer.loadStateDict({ ...changed, steps: { shape: [], data: [1.5] } }), "VALUE", "1.5");
  await expectRefused(() => optimizer.loadStateDict({ ...changed, learningRate: { shape: [], data: [-1] } }), "OPTION");
  await expectRefused(
    () => optimizer.loadStateDict({ ...changed, "velocity.w": one }),
    "VALUE",
    "unexpected velocity.w",
  );
  await expectRefused(() => optimizer.loadStateDict({ ...changed, "variance.w": one }), "SHAPE", "variance.w is [2]");
  expect(await optimizer.stateDict()).toEqual(state);
});
