import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { concat, type Device, grad, mul, pad, reshape, slice, sum, type Tensor, transpose, zeros } from "../index.ts";

const counting = (device: Device, ...shape: number[]): Tensor =>
  device.tensor(
    Array.from({ length: shape.reduce((p, n) => p * n, 1) }, (_, i) => i),
    shape,
  );

describe("reshape", () => {
  it("keeps the numbers, and takes −1 for what is left", async () => {
    const device = await openPlain();
    const x = counting(device, 2, 3);
    expect(await reshape(x, [3, -1]).array()).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(reshape(x, [-1]).shape).toEqual([6]);
    expect(reshape(reshape(x, [6, 1]), [1, 6, 1, 1]).shape).toEqual([1, 6, 1, 1]);
    expect(reshape(device.tensor([5]), []).shape).toEqual([]);
    expect(reshape(device.tensor(zeros(0, 3)), [3, -1]).shape).toEqual([3, 0]);
  });
});

describe("transpose", () => {
  it("permutes axes, reverses them by default, and the gradient goes back (NumPy)", async () => {
    const device = await openPlain();
    const x = counting(device, 2, 3, 2);
    expect(await transpose(x).array()).toEqual([
      [
        [0, 6],
        [2, 8],
        [4, 10],
      ],
      [
        [1, 7],
        [3, 9],
        [5, 11],
      ],
    ]);
    expect(await transpose(x, [1, 0, -1]).array()).toEqual([
      [
        [0, 1],
        [6, 7],
      ],
      [
        [2, 3],
        [8, 9],
      ],
      [
        [4, 5],
        [10, 11],
      ],
    ]);
    const weights = counting(device, 2, 3, 2);
    const gradient = grad((y: Tensor) => sum(mul(transpose(y, [2, 1, 0]), weights)))(x);
    expect(await gradient.array()).toEqual(await transpose(weights).array());
    expect(transpose(device.tensor(3)).shape).toEqual([]);
    expect(transpose(device.tensor(zeros(0, 3))).shape).toEqual([3, 0]);
  });
});

describe("slice, pad and concat", () => {
  it("take a block, put zeros around it, and put blocks side by side", async () => {
    const device = await openPlain();
    const x = counting(device, 3, 3);
    expect(await slice(x, [1, 0], [2, 2]).array()).toEqual([
      [3, 4],
      [6, 7],
    ]);
    expect(await slice(x, [2, 1]).array()).toEqual([[7, 8]]);
    expect(await slice(x, [0, 1], [-1, 1]).array()).toEqual([[1], [4], [7]]);
    expect(slice(x, [3, 0], [0, 3]).shape).toEqual([0, 3]);
    expect(await pad(counting(device, 1, 2), [1, 0], [0, 1]).array()).toEqual([
      [0, 0, 0],
      [0, 1, 0],
    ]);
    expect(await pad(device.tensor(zeros(0)), [1], [2]).array()).toEqual([0, 0, 0]);
    const [a, b, none] = [counting(device, 1, 2), counting(device, 2, 2), device.tensor(zeros(0, 2))];
    expect(await concat([a, none, b]).array()).toEqual([
      [0, 1],
      [0, 1],
      [2, 3],
    ]);
    expect(await concat([b, b], -1).array()).toEqual([
      [0, 1, 0, 1],
      [2, 3, 2, 3],
    ]);
    expect(await concat([a]).array()).toEqual([[0, 1]]);
  });

  it("hand the gradient to where each element came from", async () => {
    const device = await openPlain();
    const [a, b, weights] = [counting(device, 1, 2), counting(device, 2, 2), counting(device, 3, 2)];
    const gradients = grad((p: readonly Tensor[]) => sum(mul(concat(p), weights)))([a, b]);
    await expectClose(gradients[0]!, [0, 1]);
    await expectClose(gradients[1]!, [2, 3, 4, 5]);
    const block = grad((y: Tensor) => sum(mul(slice(y, [1, 0], [2, 1]), device.tensor([[5], [7]]))))(weights);
    await expectClose(block, [0, 0, 5, 0, 7, 0]);
    await expectClose(grad((y: Tensor) => sum(mul(pad(y, [1, 0], [1, 0]), weights)))(a), [2, 3]);
  });
});

describe("a block, an order or a shape that does not fit is refused:", () => {
  it.each<[string, (x: Tensor, other: Tensor, flat: Tensor) => unknown, "SHAPE" | "VALUE", string]>([
    ["reshape", (x) => reshape(x, [4, 2]), "SHAPE", "reshape: [2, 3] has 6 elements and does not fit [4, 2]"],
    ["reshape with −1", (x) => reshape(x, [4, -1]), "SHAPE", "reshape: [2, 3] has 6 elements and does not fit [4, -1]"],
    [
      "reshape with two −1",
      (x) => reshape(x, [-1, -1]),
      "SHAPE",
      "reshape: every axis of a shape is a whole number ≥ 0, not -1 in [1, -1]",
    ],
    ["reshape to a fraction", (x) => reshape(x, [1.5, 4]), "SHAPE", "not 1.5 in [1.5, 4]"],
    [
      "reshape to a number",
      (x) => reshape(x, 6 as never),
      "VALUE",
      "reshape: a shape is an array of whole numbers, not 6",
    ],
    [
      "transpose twice one axis",
      (x) => transpose(x, [0, 0]),
      "SHAPE",
      "transpose: order [0, 0] is not a permutation of the 2 axes of [2, 3]",
    ],
    ["transpose too few", (x) => transpose(x, [0]), "SHAPE", "transpose: order [0] is not a permutation"],
    [
      "transpose out of range",
      (x) => transpose(x, [0, 2]),
      "SHAPE",
      "transpose: axis 2 does not exist in 2 axes; it is a whole number from -2 to 1",
    ],
    ["transpose by a number", (x) => transpose(x, 1 as never), "VALUE", "transpose: "],
    [
      "slice out of range",
      (x) => slice(x, [1, 0], [2, 3]),
      "SHAPE",
      "slice: begin [1, 0] with size [2, 3] is no block of [2, 3]",
    ],
    ["slice from a negative", (x) => slice(x, [-1, 0]), "SHAPE", "is no block of [2, 3]"],
    [
      "slice of NaN",
      (x) => slice(x, [0, 0], [Number.NaN, 1]),
      "SHAPE",
      "slice: begin [0, 0] with size [NaN, 1] is no block of [2, 3]",
    ],
    ["slice with too few axes", (x) => slice(x, [0]), "SHAPE", "slice: begin [0]"],
    ["slice from a number", (x) => slice(x, 1 as never), "VALUE", "slice: "],
    [
      "pad by a negative",
      (x) => pad(x, [0, -1], [0, 0]),
      "SHAPE",
      "pad: [0, -1] before and [0, 0] after must be 2 whole numbers ≥ 0 each for [2, 3]",
    ],
    ["pad by a number", (x) => pad(x, 1 as never, 1 as never), "VALUE", "pad: "],
    [
      "concat of other sizes",
      (x, other) => concat([x, other]),
      "SHAPE",
      "concat: [2, 3] and [2, 2] differ on another axis than 0",
    ],
    ["concat of other ranks", (x, _, flat) => concat([x, flat]), "SHAPE", "concat: [2, 3] and [6] differ"],
    ["concat along no axis", (x) => concat([x], 2), "SHAPE", "concat: axis 2 does not exist in 2 axes"],
    ["concat of nothing", () => concat([]), "SHAPE", "concat: needs an array of at least one tensor"],
    ["concat of a tensor", (x) => concat(x as never), "SHAPE", "concat: needs an array of at least one tensor"],
  ])("%s", async (_, call, code, message) => {
    const device = await openPlain();
    const [x, other] = [device.tensor(zeros(2, 3)), device.tensor(zeros(2, 2))];
    const flat = device.tensor(zeros(6));
    expectRefused(device, () => call(x, other, flat), code, [message]);
  });

  it("more than five separate axes, by their number", async () => {
    const device = await openPlain();
    const x = device.tensor(zeros(2, 2, 2, 2, 2, 2));
    expectRefused(device, () => transpose(x), "SHAPE", [
      "transpose: ",
      "needs 6 separate axes; at most 5 are possible",
    ]);
  });
});
