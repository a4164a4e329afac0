import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, openPlain, refusal } from "../../testing/claims.ts";
import { broadcastTo, grad, logSumExp, max, mean, mul, sum, type Tensor, zeros } from "../index.ts";

describe("sum and mean", () => {
  // 0 … 23 as [2, 3, 4]; sums by NumPy.
  const counting = { shape: [2, 3, 4], data: Array.from({ length: 24 }, (_, i) => i) };
  it.each<[number | number[] | undefined, number[], number[]]>([
    [undefined, [], [276]],
    [[], [2, 3, 4], counting.data],
    [0, [3, 4], [12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34]],
    [-1, [2, 3], [6, 22, 38, 54, 70, 86]],
    [[0, 2], [3], [60, 92, 124]],
    [[-2, 0], [4], [60, 66, 72, 78]],
    [[2, 1], [2], [66, 210]],
  ])("over axes %j", async (axes, shape, expected) => {
    const device = await openPlain();
    const x = device.tensor(counting);
    const y = sum(x, axes);
    expect(y.shape).toEqual(shape);
    await expectClose(y, expected, 0);
    const folded = 24 / expected.length;
    await expectClose(
      mean(x, axes),
      expected.map((value) => value / folded),
      1e-15,
    );
    const kept = sum(x, axes, { keepDims: true });
    expect(kept.rank).toBe(3);
    await expectClose(kept, expected, 0);
    const weighted = (p: Tensor): Tensor => sum(mul(mean(p, axes, { keepDims: true }), p));
    expect(grad(weighted)(x).shape).toEqual([2, 3, 4]);
  });

  it("of nothing are 0 and NaN", async () => {
    const device = await openPlain();
    const x = device.tensor(zeros(2, 0));
    await expectClose(sum(x, 1), [0, 0]);
    await expectClose(mean(x, 1), [Number.NaN, Number.NaN]);
    await expectClose(sum(x, 0), []);
    await expectClose(grad((y: Tensor) => sum(y))(x), []);
  });

  it("hand the gradient back to every element", async () => {
    const device = await openPlain();
    await expectClose(grad((y: Tensor) => mean(y))(device.tensor([1, 2, 3, 4])), [0.25, 0.25, 0.25, 0.25]);
  });

  it.each<[string, (x: Tensor) => unknown, "SHAPE" | "OPTION" | "VALUE", string]>([
    [
      "an axis out of range",
      (x) => sum(x, 2),
      "SHAPE",
      "sum: axis 2 does not exist in 2 axes; it is a whole number from -2 to 1",
    ],
    [
      "an axis out of range, by its own name",
      (x) => mean(x, 2),
      "SHAPE",
      "mean: axis 2 does not exist in 2 axes; it is a whole number from -2 to 1",
    ],
    [
      "a fractional axis",
      (x) => max(x, 0.5),
      "SHAPE",
      "max: axis 0.5 does not exist in 2 axes; it is a whole number from -2 to 1",
    ],
    [
      "a string",
      (x) => sum(x, ["1" as never]),
      "SHAPE",
      "sum: axis 1 does not exist in 2 axes; it is a whole number from -2 to 1",
    ],
    ["an axis named twice", (x) => sum(x, [0, -2]), "SHAPE", "sum: an axis is named twice in [0, 0]"],
    ["an axis of a scalar", (x) => sum(sum(x), 0), "SHAPE", "sum: a scalar has no axes, so there is no axis 0"],
  ])("refuse %s", async (_, call, code, message) => {
    const device = await openPlain();
    const error = refusal(() => call(device.tensor([[1, 2]])));
    expect([error.code, error.message]).toEqual([code, message]);
  });

  it("refuse what is neither axes nor options", async () => {
    const device = await openPlain();
    const x = device.tensor([[1, 2]]);
    for (const [op, call] of Object.entries({ sum, mean, max, logSumExp })) {
      expectRefused(device, () => call(x, null as never), "VALUE", [`${op}: `, "null"]);
      expectRefused(device, () => call(x, 0, { keepdims: true } as never), "OPTION", [
        `${op}: `,
        '"keepdims"',
        "keepDims",
      ]);
      expectRefused(device, () => call(x, 0, null as never), "OPTION", [`${op}: `, "null"]);
    }
  });
});

describe("broadcastTo", () => {
  it("repeats axes of 1 and adds leading ones; the gradient is summed back", async () => {
    const device = await openPlain();
    const x = device.tensor([[1], [2]]);
    expect(await broadcastTo(x, [2, 2, 2]).array()).toEqual([
      [
        [1, 1],
        [2, 2],
      ],
      [
        [1, 1],
        [2, 2],
      ],
    ]);
    await expectClose(grad((y: Tensor) => sum(broadcastTo(y, [3, 2, 5])))(x), [15, 15]);
    expect(broadcastTo(x, [2, 0]).shape).toEqual([2, 0]);
  });

  it("refuses a shape that is no stretch of its own", async () => {
    const device = await openPlain();
    const x = device.tensor([[1, 2]]);
    for (const shape of [[2], [2, 3], [3, 1, 1]]) {
      expect(refusal(() => broadcastTo(x, shape)).message).toBe(
        `broadcastTo: [1, 2] does not broadcast to [${shape.join(", ")}]; each axis must be equal or 1`,
      );
    }
    expect(refusal(() => broadcastTo(x, [-1, 2])).code).toBe("SHAPE");
  });
});
