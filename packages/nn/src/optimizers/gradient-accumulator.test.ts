import { linear as linearOp, softmaxCrossEntropy, type Tensor } from "@surprisal/core";
import { expect, test } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { gradientAccumulator } from "./gradient-accumulator.ts";

const x = [1, -2, 0.5, 3, 0, 1, 2, -1, -3, 0.25];
const labels = [0, 2, 1, 1, 2];
const classWeights = [1, 5, 0.5];

test("batches of any sizes and weights give what one batch gives", async () => {
  const device = await openPlain();
  const params = { w: device.parameter([[0.1, -0.2, 0.3], [0.5, 0, -0.4]]), b: device.parameter([0, 0.1, 0]) }; // biome-ignore format: one line
  const loss = (p: { w: Tensor; b: Tensor }, from: number, to: number, reduction: "sum" | "mean"): Tensor => {
    const rows = device.tensor(Float64Array.from(x.slice(2 * from, 2 * to)), [to - from, 2]);
    const value = softmaxCrossEntropy(
      linearOp(rows, p.w, p.b),
      { labels: labels.slice(from, to) },
      { reduction, classWeights },
    );
    rows.dispose();
    return value;
  };
  const accumulator = gradientAccumulator(params);
  for (let round = 0; round < 2; round++) {
    for (const [from, to] of [
      [0, 1],
      [1, 4],
      [4, 5],
    ] as const) {
      // biome-ignore format: one line
      const weight = labels.slice(from, to).reduce((sum, label) => sum + classWeights[label]!, 0);
      await device.scoped((step) => {
        accumulator.add(step.valueAndGrad((p) => loss(p, from, to, "sum"), params).gradients, weight);
      });
    }
    await device.scoped(async (step) => {
      const whole = step.grad((p) => loss(p, 0, 5, "mean"), params);
      const parts = accumulator.take(step);
      await expectClose(parts.w, await whole.w.data());
      await expectClose(parts.b, await whole.b.data());
    });
  }
  accumulator.dispose();
  expect(device.memory().handles).toBe(2);
});

test("there is nothing to take before something was added", async () => {
  const device = await openPlain();
  const params = [device.parameter([1])];
  const accumulator = gradientAccumulator(params);
  const step = device.scope();
  await expectRefused(() => accumulator.take(step), "OPTION", "nothing was added");
  await expectRefused(() => accumulator.add([step.tensor([1])], -1), "OPTION", "-1");
  accumulator.add([step.tensor([1])], 0);
  expect(await accumulator.take(step)[0]!.array()).toEqual([0]);
});
