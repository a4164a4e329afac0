import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, openPlain, refusal } from "../../testing/claims.ts";
import {
  argmax,
  clip,
  equal,
  grad,
  greater,
  greaterEqual,
  less,
  lessEqual,
  max,
  maximum,
  min,
  minimum,
  mul,
  select,
  sum,
  type Tensor,
  zeros,
} from "../index.ts";

const nan = Number.NaN;

describe("max, min and argmax", () => {
  it("fold any axes; NaN wins, and argmax names the first of equals and the first NaN (NumPy)", async () => {
    const device = await openPlain();
    const x = device.tensor([
      [3, 1, 3],
      [nan, 9, nan],
      [-Infinity, -2, -5],
    ]);
    await expectClose(max(x, 1), [3, nan, -2]);
    await expectClose(min(x, -1), [1, nan, -Infinity]);
    await expectClose(argmax(x), [0, 0, 1]);
    await expectClose(argmax(x, 0), [1, 1, 1]);
    await expectClose(
      max(
        device.tensor([
          [1, 5],
          [7, 2],
        ]),
      ),
      [7],
    );
    expect(max(x, [0, 1], { keepDims: true }).shape).toEqual([1, 1]);
  });

  it("equal largest elements share the gradient evenly (tf.reduce_max, jnp.max)", async () => {
    const device = await openPlain();
    const x = device.tensor([
      [2, 5, 5, 5],
      [1, 4, 0, 4],
    ]);
    const weights = device.tensor([3, 2]);
    const gradient = grad((y: Tensor) => sum(mul(max(y, 1), weights)))(x);
    await expectClose(gradient, [0, 1, 1, 1, 0, 1, 0, 1]);
    await expectClose(grad((y: Tensor) => min(y))(x), [0, 0, 0, 0, 0, 0, 1, 0]);
  });

  it("of nothing do not exist, and no kernel is asked", async () => {
    const device = await openPlain();
    const x = device.tensor(zeros(2, 0));
    const { made } = device.memory();
    expectRefused(device, () => max(x, 1), "SHAPE", ["max: there is no max of nothing: [2, 0] has an empty axis"]);
    expectRefused(device, () => min(x), "SHAPE", ["min: there is no min of nothing"]);
    expectRefused(device, () => argmax(x), "SHAPE", [
      "argmax: there is no argmax of nothing: [2, 0] has an empty axis",
    ]);
    expect(device.memory().made).toBe(made);
    expect(max(x, 0).shape).toEqual([0]);
  });
});

describe("maximum, minimum and clip", () => {
  it("pass NaN on, and halve the gradient between equals", async () => {
    const device = await openPlain();
    const params = { a: device.tensor([1, 5, 2]), b: device.tensor([3, 5, 0]) };
    await expectClose(maximum(params.a, params.b), [3, 5, 2]);
    await expectClose(minimum(device.tensor([nan, 1]), 0), [nan, 0]);
    const high = grad((p: typeof params) => sum(maximum(p.a, p.b)))(params);
    await expectClose(high.a, [0, 0.5, 1]);
    await expectClose(high.b, [1, 0.5, 0]);
    const low = grad((p: typeof params) => sum(minimum(p.a, p.b)))(params);
    await expectClose(low.a, [1, 0.5, 0]);
    await expectClose(low.b, [0, 0.5, 1]);
  });

  it("clip has slope 1 on its bounds and 0 outside (torch.clamp)", async () => {
    const device = await openPlain();
    const x = device.tensor([-3, -1, 0, 1, 3, nan]);
    await expectClose(clip(x, -1, 1), [-1, -1, 0, 1, 1, nan]);
    await expectClose(grad((y: Tensor) => sum(clip(y, -1, 1)))(device.tensor([-3, -1, 0, 1, 3])), [0, 1, 1, 1, 0]);
    await expectClose(clip(x, -Infinity, 0), [-3, -1, 0, 0, 0, nan]);
    expect(refusal(() => clip(x, 1, -1)).message).toBe("clip: the lower bound 1 is not ≤ the upper bound -1");
    expect(refusal(() => clip(x, nan, 1)).code).toBe("OPTION");
  });
});

describe("comparisons and select", () => {
  it("are 1 where they hold, 0 where not or where a side is NaN", async () => {
    const device = await openPlain();
    const [a, b] = [device.tensor([1, 2, 3, nan]), device.tensor([2, 2, 2, nan])];
    await expectClose(equal(a, b), [0, 1, 0, 0]);
    await expectClose(less(a, b), [1, 0, 0, 0]);
    await expectClose(lessEqual(a, b), [1, 1, 0, 0]);
    await expectClose(greater(a, b), [0, 0, 1, 0]);
    await expectClose(greaterEqual(a, b), [0, 1, 1, 0]);
    await expectClose(greater(2, a), [1, 0, 0, 0]);
  });

  it("the side that is not taken harms neither value nor gradient", async () => {
    const device = await openPlain();
    const condition = device.tensor([1, 0, -1]);
    const params = { a: device.tensor([1, nan, 3]), b: device.tensor([Infinity, 2, nan]) };
    await expectClose(select(condition, params.a, params.b), [1, 2, 3]);
    const { a, b } = grad((p: typeof params) => sum(select(condition, p.a, p.b)))(params);
    await expectClose(a, [1, 0, 1]);
    await expectClose(b, [0, 1, 0]);
  });

  it("broadcasts three operands, and sums their gradients back", async () => {
    const device = await openPlain();
    const condition = device.tensor([[1], [0]]);
    const params = { a: device.tensor([1, 2, 3]), b: device.tensor(7) };
    expect(await select(condition, params.a, params.b).array()).toEqual([
      [1, 2, 3],
      [7, 7, 7],
    ]);
    expect(await select(condition, 1, 0).array()).toEqual([[1], [0]]);
    const { a, b } = grad((p: typeof params) => sum(select(condition, p.a, p.b)))(params);
    await expectClose(a, [1, 1, 1]);
    await expectClose(b, [3]);
  });
});
