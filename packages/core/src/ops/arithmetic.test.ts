import { describe, expect, it } from "vitest";
import { expectClose, openPlain, refusal } from "../../testing/claims.ts";
import * as op from "../index.ts";

describe("elementwise values", () => {
  const x = [-2, -0.5, 0.25, 3];
  const positive = [0.1, 0.5, 1, 4];
  it.each<[string, (x: op.Tensor) => op.Tensor, number[], (x: number) => number]>([
    ["neg", op.neg, x, (v) => -v],
    ["abs", op.abs, x, Math.abs],
    ["sign", op.sign, x, Math.sign],
    ["square", op.square, x, (v) => v * v],
    ["exp", op.exp, x, Math.exp],
    ["expm1", op.expm1, x, Math.expm1],
    ["log", op.log, positive, Math.log],
    ["log1p", op.log1p, positive, Math.log1p],
    ["sqrt", op.sqrt, positive, Math.sqrt],
    ["pow 3", (v) => op.pow(v, 3), x, (v) => v ** 3],
    ["pow −1", (v) => op.pow(v, -1), x, (v) => 1 / v],
    ["add a number", (v) => op.add(v, 2), x, (v) => v + 2],
    ["subtract from a number", (v) => op.sub(2, v), x, (v) => 2 - v],
    ["subtract a number", (v) => op.sub(v, 2), x, (v) => v - 2],
    ["multiply by a number", (v) => op.mul(-3, v), x, (v) => -3 * v],
    ["divide by a number", (v) => op.div(v, 4), x, (v) => v / 4],
    ["divide a number", (v) => op.div(49, v), [49, 7, 3, 1e-310], (v) => 49 / v],
  ])("%s is ECMAScript's", async (_, call, values, expected) => {
    const device = await openPlain();
    await expectClose(call(device.tensor(values)), values.map(expected), 2e-16);
  });

  it("a quotient is the nearest number, not a product with a rounded reciprocal", async () => {
    const device = await openPlain();
    await expectClose(op.div(49, device.tensor([49, 1e-310])), [1, 49 / 1e-310], 0);
    await expectClose(op.div(device.tensor([49, 1]), 49), [1, 1 / 49], 0);
  });
});

describe("broadcasting", () => {
  /** NumPy's rule element by element, as its manual states it. */
  function broadcast(a: op.HostTensor, b: op.HostTensor, shape: number[]): number[] {
    const at = (t: op.HostTensor, index: number[]): number => {
      const own = index.slice(index.length - t.shape.length);
      return t.data[own.reduce((flat, i, axis) => flat * t.shape[axis]! + (t.shape[axis] === 1 ? 0 : i), 0)]!;
    };
    const size = shape.reduce((p, n) => p * n, 1);
    return Array.from({ length: size }, (_, flat) => {
      const index: number[] = [];
      for (let rest = flat, axis = shape.length - 1; axis >= 0; axis--) {
        index[axis] = rest % shape[axis]!;
        rest = Math.floor(rest / shape[axis]!);
      }
      return at(a, index) - 2 * at(b, index);
    });
  }
  const counting = (shape: number[], start: number): op.HostTensor => ({
    shape,
    data: Float64Array.from({ length: shape.reduce((p, n) => p * n, 1) }, (_, i) => start + i * i),
  });

  it.each<[number[], number[], number[]]>([
    [[2, 3], [3], [2, 3]],
    [[2, 1], [3], [2, 3]],
    [[2, 3], [], [2, 3]],
    [
      [3, 1, 2],
      [4, 1],
      [3, 4, 2],
    ],
    [
      [2, 3, 4],
      [2, 1, 4],
      [2, 3, 4],
    ],
    [
      [2, 1, 2, 1, 2],
      [1, 3, 1, 3, 1],
      [2, 3, 2, 3, 2],
    ],
    [
      [2, 1, 2, 3],
      [1, 2, 1, 1],
      [2, 2, 2, 3],
    ],
    [[0, 3], [3], [0, 3]],
    [[1], [0], [0]],
    [[1, 1, 1], [1], [1, 1, 1]],
  ])("%j with %j gives %j, forwards and as the sum of the gradient back", async (a, b, shape) => {
    const device = await openPlain();
    const [left, right] = [counting(a, 1), counting(b, -3)];
    const f = (p: readonly op.Tensor[]): op.Tensor => op.sub(p[0]!, op.mul(p[1]!, op.full([], 2).data[0]!));
    const params = [device.tensor(left), device.tensor(right)] as const;
    const y = f(params);
    expect(y.shape).toEqual(shape);
    await expectClose(y, broadcast(left, right, shape));
    const size = shape.reduce((p, n) => p * n, 1);
    const gradients = op.grad((p: readonly op.Tensor[]) => op.sum(f(p)))(params);
    // Each element takes part equally often.
    await expectClose(
      gradients[0]!,
      [...(left.data as Float64Array)].map(() => size / left.data.length),
    );
    await expectClose(
      gradients[1]!,
      [...(right.data as Float64Array)].map(() => (-2 * size) / right.data.length),
    );
  });

  it("that does not fit is refused by both shapes, for every op of two operands", async () => {
    const device = await openPlain();
    const [a, b] = [device.tensor(op.zeros(2, 3)), device.tensor(op.zeros(4))];
    const binary = {
      add: op.add,
      sub: op.sub,
      mul: op.mul,
      div: op.div,
      maximum: op.maximum,
      less: op.less,
      pow: op.pow,
    };
    for (const [name, call] of Object.entries(binary)) {
      const error = refusal(() => call(a, b));
      expect([error.code, error.message]).toEqual([
        "SHAPE",
        `${name}: [2, 3] and [4] do not broadcast: 3 ≠ 4; each axis must be equal or 1`,
      ]);
    }
    expect(refusal(() => op.select(a, b, 0)).message).toContain("select: [2, 3] and [4] do not broadcast");
    expect(device.memory().handles).toBe(2);
  });

  it("of two numbers has no device to run on", () => {
    expect(refusal(() => op.mul(2 as never, 3)).message).toBe(
      "mul: one operand must be a tensor, and both are numbers (2, 3)",
    );
  });
});

describe("gradients at the edge of a domain", () => {
  it("of x⁰ is 0, also at 0 (PyTorch)", async () => {
    const device = await openPlain();
    await expectClose(op.grad((x: op.Tensor) => op.sum(op.pow(x, 0)))(device.tensor([0, 2])), [0, 0]);
  });

  it("of 0^e by e is 0 for e > 0, and of x^0 by x is 0 (PyTorch)", async () => {
    const device = await openPlain();
    const params = { x: device.tensor([0, 0, 2]), e: device.tensor([2, 1, 0]) };
    const { x, e } = op.grad((p: { x: op.Tensor; e: op.Tensor }) => op.sum(op.pow(p.x, p.e)))(params);
    await expectClose(x, [0, 1, 0]);
    await expectClose(e, [0, 0, Math.LN2]);
  });

  it("of |x| is 0 at 0", async () => {
    const device = await openPlain();
    await expectClose(op.grad((x: op.Tensor) => op.sum(op.abs(x)))(device.tensor([-2, 0, 3])), [-1, 0, 1]);
  });
});
