/** The program that the API is measured by, as the README has it. */
import { plain as cpu } from "@surprisal/backend-cpu/plain";
import { add, matmul, openDevice, softmaxCrossEntropy, type Tensor, zeros } from "@surprisal/core";
import { expect, it } from "vitest";
import { sgd } from "./index.ts";

it("trains a classifier in fifteen lines and frees all of it", async () => {
  const printed: number[] = [];
  const console = { log: (value: number) => printed.push(value) };

  const device = await openDevice([cpu({ precision: "f64" })]);
  const x = device.tensor([[1, 0], [0, 1], [1, 1]]), labels = [2, 0, 1]; // biome-ignore format: as in the README
  const params = { w: device.parameter(zeros(2, 3)), b: device.parameter(zeros(3)) };
  const loss = ({ w, b }: Record<"w" | "b", Tensor>) => softmaxCrossEntropy(add(matmul(x, w), b), { labels });
  const optimizer = sgd(params, { learningRate: 0.5 });
  for (let i = 0; i < 100; i++)
    await device.scoped(async (step) => {
      const { value, gradients } = step.valueAndGrad(loss, params);
      optimizer.update(gradients);
      if (i % 20 === 0) console.log(await value.item());
    });
  const held = device.memory().handles;
  await device.close();

  expect(held).toBe(3);
  expect(device.memory()).toMatchObject({ handles: 0, bytes: 0 });
  // The same descent in NumPy, float64.
  const expected = [
    1.0986122886681098, 0.4482988372429588, 0.2699964240280012, 0.1902477124161807, 0.14587224069269103,
  ];
  for (const [i, value] of expected.entries()) expect(Math.abs(printed[i]! - value)).toBeLessThan(1e-14);
});
