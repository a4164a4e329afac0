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

test("numbers are limited one by one", async () => {
  const device = await openPlain();
  const clipped = clipByValue({ a: device.tensor([-3, 0.5, 2]) }, 1);
  expect(await clipped.a.array()).toEqual([-1, 0.5, 1]);
  await expectRefused(() => clipByValue(clipped, 0), "OPTION", "clipByValue: the limit is a number above 0, not 0");
  await expectRefused(() => clipByGlobalNorm(clipped, Number.NaN), "OPTION", "NaN");
});
