/** Optimizer steps against torch.optim's documented formulas, number by number in float64, fused and derived. */
import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, numbers, openPlain } from "../../testing/claims.ts";
import { fusedProvider } from "../../testing/fusions.ts";
import {
  type AdamStep,
  adamUpdate,
  assign,
  type Device,
  openDevice,
  parameterLike,
  reshape,
  type SgdStep,
  sgdUpdate,
  sum,
  type Tensor,
  transpose,
  valueAndGrad,
  vjp,
} from "../index.ts";

const start = [1, -2, 0.5];
const gradients = [
  [0.5, 1, 0],
  [-1, 0.25, 3],
  [2, -4, 1e-3],
];

async function devices(): Promise<[string, Device][]> {
  return [
    ["derived", await openPlain()],
    ["fused", await openDevice([fusedProvider().provider])],
  ];
}

/** torch.optim.SGD: d = g + λp; v = μv + (1 − dampening)·d; p −= lr·(nesterov ? d + μv : v). */
function sgdByHand(step: SgdStep): number[] {
  return start.map((first, i) => {
    let [p, v] = [first, 0];
    for (const g of gradients) {
      const d = g[i]! + step.weightDecay * p;
      v = step.momentum * v + (1 - step.dampening) * d;
      p -= step.learningRate * (step.nesterov ? d + step.momentum * v : v);
    }
    return p;
  });
}

/** torch.optim.Adam and AdamW. */
function adamByHand({ learningRate, beta1, beta2, epsilon, weightDecay, decoupled }: Omit<AdamStep, "step">): number[] {
  return start.map((first, i) => {
    let [p, m, v] = [first, 0, 0];
    for (const [t, row] of gradients.entries()) {
      let g = row[i]!;
      if (decoupled) p *= 1 - learningRate * weightDecay;
      else g += weightDecay * p;
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      const mean = m / (1 - beta1 ** (t + 1));
      p -= (learningRate * mean) / (Math.sqrt(v / (1 - beta2 ** (t + 1))) + epsilon);
    }
    return p;
  });
}

describe("sgdUpdate is torch.optim.SGD over three steps", () => {
  const base = { learningRate: 0.1, momentum: 0.9, dampening: 0, nesterov: false, weightDecay: 0 };
  it.each<[string, SgdStep, boolean]>([
    ["without momentum", { ...base, momentum: 0 }, false],
    ["with weight decay", { ...base, momentum: 0, weightDecay: 0.1 }, false],
    ["with momentum", base, true],
    ["with dampening and decay", { ...base, dampening: 0.5, weightDecay: 0.01 }, true],
    ["Nesterov's, with decay", { ...base, nesterov: true, weightDecay: 0.1 }, true],
  ])("%s", async (_, step, withVelocity) => {
    for (const [, device] of await devices()) {
      const p = device.parameter(start);
      const velocity = withVelocity ? parameterLike(p) : undefined;
      const held = device.memory().handles;
      await device.scoped((scope) => {
        for (const g of gradients) sgdUpdate(p, scope.tensor(g), velocity, step);
      });
      await expectClose(p, sgdByHand(step), 1e-15);
      expect(device.memory().handles).toBe(held);
    }
  });
});

describe("adamUpdate is torch.optim's over three steps", () => {
  const base = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false };
  it.each<[string, Omit<AdamStep, "step">]>([
    ["Adam", base],
    ["Adam with decay in the gradient", { ...base, weightDecay: 0.1 }],
    ["AdamW", { ...base, weightDecay: 0.1, decoupled: true }],
    ["a large ε", { ...base, epsilon: 0.1 }],
  ])("%s", async (_, step) => {
    for (const [, device] of await devices()) {
      const p = device.parameter(start);
      const [mean, variance] = [parameterLike(p), parameterLike(p)];
      const held = device.memory().handles;
      await device.scoped((scope) => {
        for (const [t, g] of gradients.entries())
          adamUpdate(p, scope.tensor(g), mean, variance, { ...step, step: t + 1 });
      });
      await expectClose(p, adamByHand(step), 1e-14);
      expect(device.memory().handles).toBe(held);
    }
  });
});

describe("assign", () => {
  it("writes host numbers or a tensor, in place", async () => {
    const device = await openPlain();
    const p = device.parameter([[1, 2]]);
    assign(p, [[3, 4]]);
    expect(await numbers(p)).toEqual([3, 4]);
    assign(p, device.tensor([[5, 6]]));
    assign(p, p);
    expect(await numbers(p)).toEqual([5, 6]);
  });

  it("changes neither a reshaped copy nor a read that came before", async () => {
    const device = await openPlain();
    const p = device.parameter([1, 2]);
    const [reshaped, transposed] = [reshape(p, [2, 1]), transpose(p)];
    const { value } = valueAndGrad((x: Tensor) => sum(x))(p);
    const whole = vjp((x) => x, p, device.tensor([1, 1])).value;
    const read = p.data();
    assign(p, [3, 4]);
    expect([...(await read)]).toEqual([1, 2]);
    expect(await reshaped.array()).toEqual([[1], [2]]);
    expect(await transposed.array()).toEqual([1, 2]);
    expect([await value.item(), await whole.array()]).toEqual([3, [1, 2]]);
  });
});

describe("an update is refused, and writes nothing, for", () => {
  const sgd = { learningRate: 1, momentum: 0.9, dampening: 0, nesterov: false, weightDecay: 0 };
  const adam = { learningRate: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false, step: 1 };

  it("another shape, of the gradient or of what the optimizer remembers", async () => {
    const device = await openPlain();
    const [p, g] = [device.parameter([1, 2]), device.tensor([1, 1])];
    const [long, same] = [device.parameter([0, 0, 0]), device.parameter([0, 0])];
    const column = device.tensor([[1], [1]]);
    expectRefused(device, () => sgdUpdate(p, column, undefined, sgd), "SHAPE", ["sgdUpdate: gradient [2, 1]", "[2]"]);
    expectRefused(device, () => sgdUpdate(p, g, long, sgd), "SHAPE", ["sgdUpdate: ", "[3]", "[2]"]);
    expectRefused(device, () => adamUpdate(p, g, long, same, adam), "SHAPE", ["adamUpdate: ", "[3]", "[2]"]);
    expectRefused(device, () => adamUpdate(p, g, same, long, adam), "SHAPE", ["adamUpdate: ", "[3]", "[2]"]);
    expectRefused(device, () => assign(p, [1, 2, 3]), "SHAPE", ["assign: values [3]", "parameter's shape [2]"]);
    expect(await numbers(p)).toEqual([1, 2]);
  });

  it("what is no parameter, is disposed or lives on another device", async () => {
    const [device, other] = [await openPlain(), await openPlain()];
    const [p, g] = [device.parameter([1, 2]), device.tensor([1, 1])];
    const [far, farVelocity] = [other.tensor([1, 1]), other.parameter([0, 0])];
    const freed = device.parameter([1, 2]);
    freed.dispose();
    expectRefused(device, () => assign(g as never, [1, 2]), "VALUE", [
      "assign: Tensor [2] is immutable; only what device.parameter made can be written",
    ]);
    expectRefused(device, () => sgdUpdate(p, g, g as never, sgd), "VALUE", ["sgdUpdate: Tensor [2] is immutable"]);
    expectRefused(device, () => sgdUpdate(freed, g, undefined, sgd), "DISPOSED", ["sgdUpdate: "]);
    expectRefused(device, () => sgdUpdate(p, far, undefined, sgd), "DEVICE", ["sgdUpdate: tensors of two devices"]);
    expectRefused(device, () => sgdUpdate(p, g, farVelocity, sgd), "DEVICE", ["sgdUpdate: tensors of two devices"]);
    expectRefused(device, () => assign(p, far), "DEVICE", ["assign: tensors of two devices"]);
    expectRefused(device, () => parameterLike(g as never), "VALUE", ["parameterLike: "]);
    expect(await numbers(p)).toEqual([1, 2]);
  });
});
