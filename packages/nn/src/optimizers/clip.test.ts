import { expect, test } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { clipByGlobalNorm, clipByValue } from "./clip.ts";

test("gradients are scaled together by maxNorm/(norm + 1e-6), and only down", async () => {
  const device = await openPlain();
  await device.scoped(async (step) => {
    const gradients = { a: [step.tensor([3, 0])], b: step.tensor([[4]]) };
    const small = clipByGlobalNorm(gradients, 1);
    await expectClose(small.norm, [5]);
    await expectClose(small.gradients.a[0]!, [3 / 5.000001, 0]); // torch.nn.utils.clip_grad_norm_
    await expectClose(small.gradients.b, [4 / 5.000001]);
    expect(small.gradients.b.shape).toEqual([1, 1]);
    const large = clipByGlobalNorm(gradients, 10);
    await expectClose(large.gradients.a[0]!, [3, 0]);
    await expectClose(clipByGlobalNorm(step.tensor([3, 4]), 1).norm, [5]);
  });
  expect(device.memory().handles).toBe(0);
});

test("in float32, finite gradients of any size keep their direction", async () => {
  const device = await openPlain("f32");
  await device.scoped(async (step) => {
    const huge = clipByGlobalNorm({ a: step.tensor([3e30, 4e30]), b: step.tensor([0]) }, 1);
    await expectClose(huge.gradients.a, [0.6, 0.8], 1e-6);
    await expectClose(huge.gradients.b, [0]);
    await expectClose(huge.norm, [5e30], 1e-6);
    const largest = clipByGlobalNorm([step.tensor([3e38]), step.tensor([-3e38])], 2);
    await expectClose(largest.gradients[0]!, [Math.SQRT2], 1e-6);
    await expectClose(largest.gradients[1]!, [-Math.SQRT2], 1e-6);
    const kept = clipByGlobalNorm([step.tensor([3e30, 1e-30])], 1e38);
    expect(await kept.gradients[0]!.array()).toEqual([Math.fround(3e30), Math.fround(1e-30)]);
    const none = clipByGlobalNorm([step.tensor([0, 0]), step.tensor([])], 1);
    expect(await none.gradients[0]!.array()).toEqual([0, 0]);
  });
});

test("what is not finite shows, as in PyTorch", async () => {
  const device = await openPlain("f32");
  const clippedTo = async (...values: number[]): Promise<unknown> => {
    const { gradients, norm } = clipByGlobalNorm([device.tensor(values)], 1);
    return [await gradients[0]!.array(), await norm.item()];
  };
  expect(await clippedTo(Number.NaN, 1)).toEqual([[Number.NaN, Number.NaN], Number.NaN]);
  expect(await clippedTo(1e30, Number.NaN)).toEqual([[Number.NaN, Number.NaN], Number.NaN]);
  expect(await clippedTo(Number.POSITIVE_INFINITY, 1)).toEqual([[Number.NaN, 0], Number.POSITIVE_INFINITY]);
});

test("numbers are limited one by one", async () => {
  const device = await openPlain();
  const clipped = clipByValue({ a: device.tensor([-3, 0.5, 2]) }, 1);
  expect(await clipped.a.array()).toEqual([-1, 0.5, 1]);
  await expectRefused(() => clipByValue(clipped, 0), "OPTION", "clipByValue: the limit is a number above 0, not 0");
  await expectRefused(() => clipByGlobalNorm(clipped, Number.NaN), "OPTION", "NaN");
});
