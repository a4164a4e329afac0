/** Whole runs of the optimizers against torch.optim's documented formulas, number by number in float64. */
import type { Parameter } from "@surprisal/core";
import { expect, test } from "vitest";
import { expectClose, openPlain } from "../../testing/claims.ts";
import { type AdamOptions, adam, adamW } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { type SgdOptions, sgd } from "./sgd.ts";

const start = [1, -2, 0.5];
const gradients = [
  [0.5, 1, 0],
  [-1, 0.25, 3],
  [2, -4, 1e-3],
];

type Params = { readonly p: Parameter };

async function run(make: (params: Params) => Optimizer<Params>): Promise<ArrayLike<number>> {
  const device = await openPlain();
  const params = { p: device.parameter(start) };
  const optimizer = make(params);
  for (const g of gradients) optimizer.update({ p: device.tensor(g) });
  expect(optimizer.steps).toBe(3);
  return params.p.data();
}

test.each<SgdOptions>([
  { learningRate: 0.1 },
  { learningRate: 0.1, momentum: 0.9 },
  { learningRate: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 },
  { learningRate: 0.1, momentum: 0.9, nesterov: true },
])("sgd %j", async (options) => {
  const { learningRate = 0, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
  const expected = start.map((first, i) => {
    let p = first;
    let buffer: number | undefined;
    for (const row of gradients) {
      const g = row[i]! + weightDecay * p;
      buffer = buffer === undefined ? g : momentum * buffer + (1 - dampening) * g; // the first is not dampened
      p -= learningRate * (momentum === 0 ? g : nesterov ? g + momentum * buffer : buffer);
    }
    return p;
  });
  await expectClose(await run((params) => sgd(params, options)), expected);
});

test.each<[string, AdamOptions]>([
  ["adam", {}],
  ["adam", { learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-3, weightDecay: 0.1 }],
  ["adamW", {}],
  ["adamW", { learningRate: 0.01, weightDecay: 0.1 }],
])("%s %j", async (name, options) => {
  const decoupled = name === "adamW";
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const { weightDecay = decoupled ? 0.01 : 0 } = options;
  const expected = start.map((first, i) => {
    let [p, m, v] = [first, 0, 0];
    for (const [t, row] of gradients.entries()) {
      if (decoupled) p -= learningRate * weightDecay * p;
      const g = row[i]! + (decoupled ? 0 : weightDecay * p);
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      p -= (learningRate * (m / (1 - beta1 ** (t + 1)))) / (Math.sqrt(v / (1 - beta2 ** (t + 1))) + epsilon);
    }
    return p;
  });
  await expectClose(await run((params) => (decoupled ? adamW : adam)(params, options)), expected);
});
