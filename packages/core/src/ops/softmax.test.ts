import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { grad, logSoftmax, logSumExp, mul, softmax, sum, type Tensor, zeros } from "../index.ts";

const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];

describe("softmax, logSoftmax and logSumExp", () => {
  it("keep what a confident row has left (mpmath)", async () => {
    const device = await openPlain();
    const x = device.tensor([50, 0, 0]);
    await expectClose(logSoftmax(x), [-3.8574996959278356e-22, -50, -50], 1e-15);
    await expectClose(softmax(x), [1, 1.9287498479639178e-22, 1.9287498479639178e-22], 1e-15);
    await expectClose(logSumExp(device.tensor([0, -50, -50])), [3.8574996959278356e-22], 1e-15);
  });

  it("do not overflow, and do not depend on a common offset", async () => {
    const device = await openPlain();
    const x = device.tensor([
      [1e30, 0],
      [-1e30, -1e30],
      [1e6 + 1, 1e6],
    ]);
    const e = Math.E;
    await expectClose(softmax(x), [1, 0, 0.5, 0.5, e / (1 + e), 1 / (1 + e)], 1e-15);
    await expectClose(logSumExp(x, 1), [1e30, -1e30, 1e6 + Math.log(1 + e)], 1e-15);
  });

  it("treat −∞ as a class that cannot be, and give NaN for a row without any (or log 0 = −∞)", async () => {
    const device = await openPlain();
    const x = device.tensor([
      [0, -inf, 0],
      [-inf, -inf, -inf],
      [inf, 0, 0],
      [nan, 0, 0],
    ]);
    const nothing = [nan, nan, nan];
    await expectClose(softmax(x), [0.5, 0, 0.5, ...nothing, ...nothing, ...nothing]);
    await expectClose(logSoftmax(x), [-Math.LN2, -inf, -Math.LN2, ...nothing, ...nothing, ...nothing]);
    // torch.logsumexp
    await expectClose(logSumExp(x, 1), [Math.LN2, -inf, inf, nan]);
  });

  it("run along any axis, and logSumExp over several", async () => {
    const device = await openPlain();
    const x = device.tensor([
      [0, 1],
      [Math.LN2, 1],
    ]);
    await expectClose(softmax(x, 0), [1 / 3, 0.5, 2 / 3, 0.5], 1e-15);
    await expectClose(logSoftmax(x, -2), [-Math.log(3), -Math.LN2, Math.log(2 / 3), -Math.LN2], 1e-15);
    await expectClose(logSumExp(x), [Math.log(3 + 2 * Math.E)], 1e-15);
    expect(logSumExp(x, 0, { keepDims: true }).shape).toEqual([1, 2]);
    await expectClose(logSumExp(x, []), [0, 1, Math.LN2, 1], 1e-15);
    expect(softmax(device.tensor(zeros(0, 3))).shape).toEqual([0, 3]);
  });

  it("have the derivatives p∘(g − ⟨g, p⟩), g − p·Σg and g·p", async () => {
    const device = await openPlain();
    const x = device.tensor([0, Math.LN2, 0]);
    const g = device.tensor([1, 2, -1]);
    const p = [0.25, 0.5, 0.25];
    const along = (op: (y: Tensor) => Tensor): Tensor => grad((y: Tensor) => sum(mul(op(y), g)))(x);
    await expectClose(along(softmax), [0, 0.5, -0.5], 1e-15); // ⟨g, p⟩ = 1
    await expectClose(along(logSoftmax), [0.5, 1, -1.5], 1e-15); // Σg = 2
    await expectClose(grad((y: Tensor) => logSumExp(y))(x), p, 1e-15);
  });

  it("refuse no classes, and axes that are not there", async () => {
    const device = await openPlain();
    const [empty, transposed, scalar] = [device.tensor(zeros(2, 0)), device.tensor(zeros(0, 2)), device.tensor(1)];
    expectRefused(device, () => softmax(empty), "SHAPE", ["softmax: ", "[2, 0]"]);
    expectRefused(device, () => logSoftmax(transposed, 0), "SHAPE", ["logSoftmax: ", "empty axis of classes"]);
    expectRefused(device, () => logSumExp(empty, 1), "SHAPE", ["logSumExp: ", "[2, 0]"]);
    expectRefused(device, () => softmax(scalar), "SHAPE", ["softmax: a scalar has no axis of classes"]);
    expectRefused(device, () => softmax(empty, 2), "SHAPE", ["softmax: axis 2 does not exist in 2 axes"]);
  });
});
