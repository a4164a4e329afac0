import { plain } from "@surprisal/backend-cpu/plain";
import { type Device, type ErrorCode, isSurprisalError, openDevice } from "@surprisal/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { adam, adamW, sgd } from "../index.ts";

let device: Device;
beforeEach(async () => {
  device = await openDevice([plain({ precision: "f64" })]);
});
afterEach(() => device.close());

const model = () => ({ a: device.parameter([1, 2]), b: device.parameter([3]) });

function refused(call: () => unknown, code: ErrorCode, words: string): void {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  expect(isSurprisalError(error, code), String(error)).toBe(true);
  expect((error as Error).message).toContain(words);
}

test("gradients are matched with parameters by name", async () => {
  const params = model();
  sgd(params, { learningRate: 1 }).update({ b: device.tensor([10]), a: device.tensor([1, 1]) });
  expect([await params.a.array(), await params.b.array()]).toEqual([[0, 1], [-7]]);
});

test("a wrong gradient is refused before any parameter is written", async () => {
  for (const make of [sgd, adam, adamW]) {
    const params = model();
    const optimizer = make(params, { learningRate: 1 });
    refused(() => optimizer.update({ a: device.tensor([1, 1]), b: device.tensor([1, 1]) }), "SHAPE", "gradient 1");
    refused(() => optimizer.update({ a: device.tensor([1, 1]) } as never), "VALUE", '"b"');
    const freed = device.tensor([1]);
    freed.dispose();
    refused(() => optimizer.update({ a: device.tensor([1, 1]), b: freed }), "DISPOSED", "gradient 1 was disposed");
    expect([await params.a.array(), await params.b.array(), optimizer.steps]).toEqual([[1, 2], [3], 0]);
  }
});

test("a step that was refused is not counted", () => {
  for (const make of [(params: object) => sgd(params, { momentum: 0.5 }), adam, adamW]) {
    const optimizer = make(model());
    optimizer.dispose();
    refused(
      () => optimizer.update({ a: device.tensor([1, 1]), b: device.tensor([1]) }),
      "DISPOSED",
      "after it was disposed",
    );
    expect(optimizer.steps).toBe(0);
  }
});

test("options that do not exist, or are out of range, are refused, also when they are set later", () => {
  refused(
    () => sgd(model(), { lr: 1 } as never),
    "OPTION",
    'sgd: there is no option "lr"; the options are learningRate',
  );
  refused(() => adam(model(), { beta1: 1 }), "OPTION", "adam: beta1 is a number from 0 to below 1, not 1");
  refused(() => sgd(model(), { nesterov: true }), "OPTION", "sgd: nesterov needs momentum > 0");
  refused(() => adam({ w: device.tensor([1]) }), "VALUE", "make it with device.parameter(values)");
  const optimizer = adamW(model());
  optimizer.learningRate = Number.NaN;
  refused(() => optimizer.update(model()), "OPTION", "learningRate");
});

test("adamW decays by its default, also where the option is there but undefined, and adam does not", async () => {
  const still = { a: device.tensor([0, 0]), b: device.tensor([0]) };
  for (const options of [{}, { weightDecay: undefined } as never]) {
    const [decayed, kept] = [model(), model()];
    adamW(decayed, { learningRate: 0.1, ...options }).update(still);
    adam(kept, { learningRate: 0.1, ...options }).update(still);
    expect((await decayed.b.data())[0]).toBeCloseTo(3 * (1 - 0.1 * 0.01), 12); // PyTorch: p −= lr·decay·p
    expect(await kept.b.array()).toEqual([3]);
  }
  refused(() => adam(model(), null as never), "OPTION", "adam: options are an object, not null");
});

test("an optimizer gives back what it remembers", () => {
  const params = model();
  for (const make of [() => adam(params), () => adamW(params), () => sgd(params, { momentum: 0.9 })]) {
    const optimizer = make();
    expect(device.memory().handles).toBeGreaterThan(2);
    optimizer.dispose();
    expect(device.memory().handles).toBe(2);
  }
});
