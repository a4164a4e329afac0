import { plain } from "@surprisal/backend-cpu/plain";
import { openDevice } from "@surprisal/core";
import { expect, test } from "vitest";
import { renderDigits } from "./data/rendered-digits.ts";
import { DivergedError, type TrainingObserver, train } from "./training.ts";

const silent: TrainingObserver = { step() {}, epoch() {} };
const data = renderDigits({ seed: 1, train: 60, test: 20 });
const options = { epochs: 2, batchSize: 25, learningRate: 0.01, hidden: 4, seed: 1 };

test("every step and epoch is told, the last and smaller batch of an epoch included", async () => {
  const device = await openDevice([plain()]);
  const told: string[] = [];
  await train(device, data, options, {
    step: ({ epoch, step, steps }) => told.push(`${epoch}: ${step}/${steps}`),
    epoch: ({ epoch }) => told.push(`${epoch} done`),
  });
  await device.close();
  expect(told).toEqual(["1: 1/3", "1: 2/3", "1: 3/3", "1 done", "2: 1/3", "2: 2/3", "2: 3/3", "2 done"]);
});

test("nothing but the weights is left on the device", async () => {
  const device = await openDevice([plain()]);
  const { layers } = await train(device, data, options, silent);
  for (const { w, b } of layers) for (const parameter of [w, b]) parameter.dispose();
  const { handles, made, freed } = device.memory();
  expect([handles - 1, made - freed - 1]).toEqual([0, 0]); // one is the device's own, for tick
  await device.close();
});

test("a loss that is no number any more stops the training and says where", async () => {
  const device = await openDevice([plain()]);
  const diverging = train(device, data, { ...options, learningRate: 1e38 }, silent);
  await expect(diverging).rejects.toThrow(
    /^training diverged: the loss became (NaN|Infinity) at epoch 1, step \d; try a smaller --lr than 1e\+38$/,
  );
  await expect(diverging).rejects.toBeInstanceOf(DivergedError);
  await device.close();
});
