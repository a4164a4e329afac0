import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, openPlain, refusal } from "../../testing/claims.ts";
import { gather, grad, hvp, mul, scatterAdd, square, sum, type Tensor, zeros } from "../index.ts";

describe("gather and scatterAdd", () => {
  const table = [
    [1, 2],
    [3, 4],
    [5, 6],
  ];

  it("look rows up by indices of any integer type and shape", async () => {
    const device = await openPlain();
    const x = device.tensor(table);
    expect(await gather(x, [2, 0, 2]).array()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]);
    expect(await gather(x, [[0], [1]]).array()).toEqual([[[1, 2]], [[3, 4]]]);
    expect(await gather(x, 1).array()).toEqual([3, 4]);
    expect(await gather(x, BigInt64Array.of(1n)).array()).toEqual([[3, 4]]);
    expect(await gather(device.tensor([7, 8]), new Uint8Array([1, 1])).array()).toEqual([8, 8]);
    expect(gather(x, []).shape).toEqual([0, 2]);
  });

  it("are each other's derivative: an index named twice gets both gradients", async () => {
    const device = await openPlain();
    const x = device.tensor(table);
    const weights = device.tensor([
      [1, 10],
      [2, 20],
      [4, 40],
    ]);
    const f = (y: Tensor): Tensor => sum(mul(square(gather(y, [2, 0, 2])), weights));
    await expectClose(grad(f)(x), [4, 80, 0, 0, 50, 600]); // 2·y·(sum of the row's weights)
    await expectClose(
      hvp(
        f,
        x,
        device.tensor([
          [1, 1],
          [1, 1],
          [1, 1],
        ]),
      ).products,
      [4, 40, 0, 0, 10, 100],
    );
    expect(await scatterAdd(weights, [1, 3, 1], 4).array()).toEqual([
      [0, 0],
      [5, 50],
      [0, 0],
      [2, 20],
    ]);
    await expectClose(
      grad((y: Tensor) => sum(square(scatterAdd(y, [0, 0, 1], 2))))(device.tensor([1, 2, 4])),
      [6, 6, 8],
    );
    expect(scatterAdd(device.tensor(zeros(0, 2)), [], 0).shape).toEqual([0, 2]);
  });

  it.each<[string, unknown, "LABEL" | "VALUE", string]>([
    ["one too large", [0, 3], "LABEL", "gather: index 3 at position 1 is outside the table's 3 rows"],
    ["a negative one", [-1], "LABEL", "gather: index -1 at position 0 is outside the table's 3 rows"],
    ["2^32, which would wrap", [2 ** 32], "LABEL", "gather: index 4294967296 at position 0"],
    ["a fraction", [0.5], "LABEL", "gather: index 0.5 at position 0 is not a whole number"],
    ["NaN", [Number.NaN], "LABEL", "gather: index NaN at position 0 is not a whole number"],
    ["a string", ["1"], "VALUE", 'gather: values are numbers, not the string "1" (at position 0)'],
    ["null", null, "VALUE", "gather: index data is a typed array, an array or a number on the host, not null"],
  ])("refuse %s for an index", async (_, indices, code, message) => {
    const device = await openPlain();
    const x = device.tensor(table);
    const { made } = device.memory();
    expectRefused(device, () => gather(x, indices as never), code, [message]);
    expect(device.memory().made).toBe(made);
  });

  it("refuse tables and values that do not fit", async () => {
    const device = await openPlain();
    const x = device.tensor(table);
    expect(refusal(() => scatterAdd(x, [0, 1], 2)).message).toBe(
      "scatterAdd: values [3, 2] do not begin with the shape of the indices [2]",
    );
    expect(refusal(() => scatterAdd(x, [0, 1, 2], 2.5)).message).toBe(
      "scatterAdd: the table has a whole number of rows ≥ 0, not 2.5",
    );
    expect(refusal(() => scatterAdd(x, [0, 1, 2], 2 ** 40)).code).toBe("SHAPE");
    const scalar = device.tensor(1);
    expectRefused(device, () => gather(scalar, [0]), "SHAPE", ["gather: the table is a scalar"]);
  });
});
