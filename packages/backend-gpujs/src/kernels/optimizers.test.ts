import { adamUpdate, openDevice, type Parameter, sgdUpdate } from "@surprisal/core";
import { expect, test } from "vitest";
import { gpujs } from "../gpujs.ts";

const numbers = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2];
const sgd = { learningRate: 0.5, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 };
const adam = { learningRate: 0.5, beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0, step: 1 };

test.for<[string, (p: Parameter, gradient: Parameter, slots: readonly [Parameter, Parameter]) => void]>([
  ["sgd", (p, g) => sgdUpdate(p, g, undefined, sgd)],
  ["sgd with momentum", (p, g, [v]) => sgdUpdate(p, g, v, { ...sgd, momentum: 0.5 })],
  ["sgd by Nesterov", (p, g, [v]) => sgdUpdate(p, g, v, { ...sgd, momentum: 0.5, nesterov: true })],
  ["adam", (p, g, [m, v]) => adamUpdate(p, g, m, v, { ...adam, decoupled: false })],
  ["adamw", (p, g, [m, v]) => adamUpdate(p, g, m, v, { ...adam, decoupled: true })],
])("%s without decay leaves an infinite parameter as it is", async ([, step]) => {
  const device = await openDevice([gpujs({ mode: "cpu-debug" })]);
  const [p, g] = [device.parameter(numbers), device.parameter([1, 1, 1])];
  const slots = [device.parameter([0, 0, 0]), device.parameter([0, 0, 0])] as const;
  step(p, g, slots);
  const [first, second, third] = await p.data();
  expect([first, second]).toEqual(numbers.slice(0, 2));
  expect(third).toBeLessThan(2);
  for (const slot of slots) expect([...(await slot.data())]).toSatisfy((all: number[]) => all.every(Number.isFinite));
  await device.close();
});

test("adamw with decay keeps an infinite parameter infinite, and takes its part of a finite one", async () => {
  const device = await openDevice([gpujs({ mode: "cpu-debug" })]);
  const [p, g] = [device.parameter(numbers), device.parameter([0, 0, 0])];
  const slots = [device.parameter([0, 0, 0]), device.parameter([0, 0, 0])] as const;
  adamUpdate(p, g, slots[0], slots[1], { ...adam, epsilon: 1, weightDecay: 0.5, decoupled: true });
  expect([...(await p.data())]).toEqual([...numbers.slice(0, 2), 1.5]);
  await device.close();
});
