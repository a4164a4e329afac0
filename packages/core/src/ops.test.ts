/** What holds for every op: it frees its temporaries, recorded or not, and names itself when an input is unusable. */
import { describe, expect, it } from "vitest";
import { openPlain, refusal } from "../testing/claims.ts";
import { type Device, full, grad, hvp, sum, type Tensor } from "./index.ts";
import * as ops from "./ops.ts";

/** An op on tensors that `t` makes by their shapes. */
type Call = (t: (...shape: number[]) => Tensor) => Tensor;

/** Calls of every op; an op without an entry is a type error. */
const calls: { readonly [op in keyof typeof ops]: readonly Call[] } = {
  abs: [(t) => ops.abs(t(2))],
  add: [(t) => ops.add(t(2, 3), t(3)), (t) => ops.add(t(2), 2), (t) => ops.add(2, t(2))],
  argmax: [(t) => ops.argmax(t(2, 3)), (t) => ops.argmax(t(2, 3), 0)],
  broadcastTo: [(t) => ops.broadcastTo(t(2, 1), [4, 2, 3]), (t) => ops.broadcastTo(t(2, 3), [2, 3])],
  clip: [(t) => ops.clip(t(2), -1, 1)],
  concat: [(t) => ops.concat([t(2, 3), t(1, 3), t(0, 3)]), (t) => ops.concat([t(2, 3)], 1)],
  div: [(t) => ops.div(t(2, 3), t(3)), (t) => ops.div(t(2), 2), (t) => ops.div(2, t(2))],
  equal: [(t) => ops.equal(t(2, 1), t(2)), (t) => ops.equal(t(2), 1)],
  exp: [(t) => ops.exp(t(2))],
  expm1: [(t) => ops.expm1(t(2))],
  gather: [(t) => ops.gather(t(2, 3), [1, 0, 1]), (t) => ops.gather(t(2), 1)],
  gelu: [(t) => ops.gelu(t(2)), (t) => ops.gelu(t(2), { approximate: "tanh" })],
  greater: [(t) => ops.greater(t(2), t(2)), (t) => ops.greater(1, t(2))],
  greaterEqual: [(t) => ops.greaterEqual(t(2), t(2))],
  less: [(t) => ops.less(t(2), t(2))],
  lessEqual: [(t) => ops.lessEqual(t(2), t(2))],
  linear: [(t) => ops.linear(t(2, 3), t(3, 2)), (t) => ops.linear(t(4, 2, 3), t(3, 2), t(2))],
  linearCrossEntropy: [
    (t) => ops.linearCrossEntropy(t(2, 4), t(4, 3), t(3), { labels: [0, 2] }),
    (t) =>
      ops.linearCrossEntropy(t(2, 4), t(3, 4), undefined, { labels: [0, 9] }, { transposeW: true, ignoreIndex: 9 }),
    (t) => ops.linearCrossEntropy(t(2, 4), t(4, 3), t(3), { labels: [0, 1] }, { reduction: "none", maxBytes: 1 }),
    (t) => ops.linearCrossEntropy(t(2, 4), t(4, 3), t(3), { probabilities: t(2, 3) }, { softcap: 2, maxBytes: 1 }),
  ],
  log: [(t) => ops.log(t(2))],
  log1p: [(t) => ops.log1p(t(2))],
  logSoftmax: [(t) => ops.logSoftmax(t(2, 3)), (t) => ops.logSoftmax(t(2, 3), 0)],
  logSumExp: [(t) => ops.logSumExp(t(2, 3)), (t) => ops.logSumExp(t(2, 3), 0, { keepDims: true })],
  matmul: [
    (t) => ops.matmul(t(2, 3), t(3, 4)),
    (t) => ops.matmul(t(3), t(3)),
    (t) => ops.matmul(t(5, 2, 3), t(3, 4)),
    (t) => ops.matmul(t(1, 3, 2), t(5, 4, 3), { transposeA: true, transposeB: true }),
  ],
  max: [(t) => ops.max(t(2, 3)), (t) => ops.max(t(2, 3), 0, { keepDims: true })],
  maximum: [(t) => ops.maximum(t(2, 3), t(3)), (t) => ops.maximum(t(2), 0)],
  mean: [(t) => ops.mean(t(2, 3)), (t) => ops.mean(t(2, 3, 2), [0, 2], { keepDims: true })],
  min: [(t) => ops.min(t(2, 3), 1)],
  minimum: [(t) => ops.minimum(t(2), t(2)), (t) => ops.minimum(0, t(2))],
  mul: [(t) => ops.mul(t(2, 3), t(3)), (t) => ops.mul(t(2), 2), (t) => ops.mul(t(2, 1, 2, 1, 2), t(1, 2, 1, 2, 1))],
  neg: [(t) => ops.neg(t(2))],
  normalCdf: [(t) => ops.normalCdf(t(2))],
  pad: [(t) => ops.pad(t(2, 3), [1, 0], [0, 2])],
  pow: [(t) => ops.pow(t(2, 3), t(3)), (t) => ops.pow(t(2), 3), (t) => ops.pow(t(2), -1)],
  relu: [(t) => ops.relu(t(2))],
  reshape: [(t) => ops.reshape(t(2, 3), [3, 2])],
  scatterAdd: [(t) => ops.scatterAdd(t(2, 3), [2, 2], 4)],
  select: [(t) => ops.select(t(2, 3), t(3), t(2, 1)), (t) => ops.select(t(2), t(2), 0), (t) => ops.select(t(2), 1, 0)],
  sigmoid: [(t) => ops.sigmoid(t(2))],
  sign: [(t) => ops.sign(t(2))],
  slice: [(t) => ops.slice(t(2, 3), [0, 1], [2, 2])],
  softmax: [(t) => ops.softmax(t(2, 3)), (t) => ops.softmax(t(2, 3), 0)],
  softmaxCrossEntropy: [
    (t) => ops.softmaxCrossEntropy(t(2, 3), { labels: [0, 2] }),
    (t) => ops.softmaxCrossEntropy(t(2, 3), { labels: [0, 2] }, { reduction: "none", classWeights: [1, 2, 3] }),
    (t) => ops.softmaxCrossEntropy(t(2, 3), { labels: [0, 9] }, { ignoreIndex: 9 }),
    (t) => ops.softmaxCrossEntropy(t(2, 3), { probabilities: t(2, 3) }, { reduction: "sum", labelSmoothing: 0.1 }),
  ],
  softmaxCrossEntropyGradient: [
    (t) => ops.softmaxCrossEntropyGradient(t(2, 3), { labels: [0, 2] }, { upstream: 3 }),
    (t) => ops.softmaxCrossEntropyGradient(t(2, 3), { labels: [0, 2] }, { upstream: t() }),
    (t) => ops.softmaxCrossEntropyGradient(t(2, 3), { probabilities: t(2, 3) }, { reduction: "none", upstream: t(2) }),
  ],
  sqrt: [(t) => ops.sqrt(t(2))],
  square: [(t) => ops.square(t(2))],
  stopGradient: [(t) => ops.stopGradient(t(2))],
  sub: [(t) => ops.sub(t(2, 3), t(2, 1)), (t) => ops.sub(t(2), 1), (t) => ops.sub(1, t(2))],
  sum: [(t) => ops.sum(t(2, 3)), (t) => ops.sum(t(2, 3), []), (t) => ops.sum(t(2, 3, 2), [0, -1])],
  tanh: [(t) => ops.tanh(t(2))],
  transpose: [(t) => ops.transpose(t(2, 3)), (t) => ops.transpose(t(2, 3), [0, 1])],
};

const table = Object.entries(calls).flatMap(([op, list]) => list.map((call, i) => ({ op, case: i + 1, call })));

/** The shapes that a call asks for, in order. */
function shapesOf(call: Call, device: Device): number[][] {
  const shapes: number[][] = [];
  const scope = device.scope();
  call((...shape) => {
    shapes.push(shape);
    return scope.tensor(full(shape, 0.5));
  });
  scope.dispose();
  return shapes;
}

/** A function that gives a list of tensors, one a call. */
function inTurn(tensors: readonly Tensor[]): () => Tensor {
  let next = 0;
  return () => tensors[next++]!;
}

describe("every op", () => {
  it.each(table)("$op frees its temporaries, case $case", async ({ call }) => {
    const device = await openPlain();
    const inputs = shapesOf(call, device).map((shape) => device.tensor(full(shape, 0.5)));
    const y = call(inTurn(inputs));
    expect(device.memory().handles).toBeLessThanOrEqual(inputs.length + 1);
    for (const tensor of [...inputs, y]) tensor.dispose();
    expect(device.memory()).toMatchObject({ handles: 0, bytes: 0 });
  });

  it.each(table)("$op frees what its derivatives made, case $case", async ({ call }) => {
    const device = await openPlain();
    const inputs = shapesOf(call, device).map((shape) => device.tensor(full(shape, 0.5)));
    const held = device.memory().handles;
    const f = (tensors: readonly Tensor[]): Tensor => sum(call(inTurn(tensors)));
    for (const gradient of grad(f)(inputs)) gradient.dispose();
    expect(device.memory().handles).toBe(held);
    const { value, gradients, products } = hvp(f, inputs, inputs);
    for (const tensor of [value, ...gradients, ...products]) tensor.dispose();
    expect(device.memory().handles).toBe(held);
    // One input differentiated, the others constants.
    for (const [i, input] of inputs.entries()) {
      const along = (tensor: Tensor): Tensor => sum(call(inTurn(inputs.with(i, tensor))));
      const step = device.scope();
      step.grad((tensor) => sum(grad(along)(tensor)), input);
      step.dispose();
      expect(device.memory().handles, `input ${i}`).toBe(held);
    }
  });

  it.each(table)("$op names itself and keeps nothing for an unusable input, case $case", async ({ op, call }) => {
    const [device, other] = [await openPlain(), await openPlain()];
    const shapes = shapesOf(call, device);
    for (const [i, shape] of shapes.entries()) {
      const inputs = shapes.map((each) => device.tensor(full(each, 0.5)));
      const disposed = device.tensor(full(shape, 0.5));
      disposed.dispose();
      const unusable: [unknown, string[]][] = [
        [disposed, ["DISPOSED"]],
        [[[0.5]], ["VALUE", "OPTION"]],
      ];
      if (shapes.length > 1) unusable.push([other.tensor(full(shape, 0.5)), ["DEVICE"]]);
      for (const [bad, codes] of unusable) {
        const held = device.memory().handles;
        const error = refusal(() => call(inTurn(inputs.with(i, bad as Tensor))));
        expect(error.message.split(":")[0]).toBe(op);
        expect(codes).toContain(error.code);
        expect(device.memory().handles, error.message).toBe(held);
      }
    }
  });
});
