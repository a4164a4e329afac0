import { plain } from "@surprisal/backend-cpu/plain";
import { type Device, openDevice } from "@surprisal/core";
import { expect, test } from "vitest";
import { renderDigits } from "./data/rendered-digits.ts";
import { weightsOf } from "./trained-model.ts";
import { type Trained, type TrainingOptions, trainDigits } from "./training.ts";
import { DivergedError, type EpochProgress } from "./training-log.ts";

const silent = { begin() {}, step() {}, epoch() {} };
const data = renderDigits({ seed: 1, train: 60, test: 20 });
const options: TrainingOptions = {
  epochs: 2,
  batchSize: 25,
  learningRate: 0.01,
  optimizer: "adam",
  schedule: "constant",
  hidden: [4],
  dropout: 0,
  augment: "none",
  labelSmoothing: 0,
  seed: 1,
};

async function withDevice<R>(use: (device: Device) => Promise<R>): Promise<R> {
  const device = await openDevice([plain()]);
  try {
    return await use(device);
  } finally {
    await device.close();
  }
}

const trainedWith = (changed: Partial<TrainingOptions>, signal?: AbortSignal) =>
  withDevice((device) => trainDigits(device, data, { ...options, ...changed }, silent, signal));

test("every step and epoch is told, the last and smaller batch of an epoch included", async () => {
  const told: string[] = [];
  const observer = {
    begin: (epoch: number) => told.push(`${epoch} begins`),
    step: (at: { epoch: number; step: number; steps: number; images: number }) =>
      told.push(`${at.epoch}: ${at.step}/${at.steps}, ${at.images}`),
    epoch: ({ epoch }: EpochProgress) => told.push(`${epoch} done`),
  };
  const trained = await withDevice((device) => trainDigits(device, data, options, observer));
  const steps = (epoch: number) => [`${epoch}: 1/3, 25`, `${epoch}: 2/3, 50`, `${epoch}: 3/3, 60`];
  expect(told).toEqual(["1 begins", ...steps(1), "1 done", "2 begins", ...steps(2), "2 done"]);
  expect(trained.epochs).toHaveLength(2);
  expect(trained.interrupted).toBe(false);
  expect(trained.samplesPerSecond).toBeGreaterThan(0);
});

test("nothing but the weights is left on the device, however training ends", () =>
  withDevice(async (device) => {
    const left = () => device.memory().handles;
    const { model } = await trainDigits(device, data, { ...options, dropout: 0.5, augment: "shift" }, silent);
    model.dispose();
    expect(left()).toBe(1); // the device's own, for tick
    await trainDigits(device, data, { ...options, learningRate: 1e38 }, silent).catch(() => {});
    expect(left()).toBe(1);
  }));

test("a loss that is no number any more stops the training and says where", async () => {
  const diverging = trainedWith({ learningRate: 1e38 });
  await expect(diverging).rejects.toThrow(
    /^training diverged: the loss became (NaN|Infinity) at epoch 1, step \d; try a smaller --lr than 1e\+38$/,
  );
  await expect(diverging).rejects.toBeInstanceOf(DivergedError);
});

test("a signal ends it after the step at hand, with the model as that left it", () =>
  withDevice(async (device) => {
    const controller = new AbortController();
    const observer = { ...silent, step: () => controller.abort() };
    const trained = await trainDigits(device, data, options, observer, controller.signal);
    expect(trained.interrupted).toBe(true);
    expect(trained.epochs).toEqual([]);
    const { state, widths } = await weightsOf(trained.model);
    expect(widths).toEqual([784, 4, 10]);
    expect(Object.values(state).every((tensor) => tensor.data.every(Number.isFinite))).toBe(true);
  }));

test.each<Partial<TrainingOptions>>([
  { optimizer: "adamw" },
  { optimizer: "sgd" },
  { schedule: "cosine" },
  { schedule: "linear" },
  { hidden: [] },
  { hidden: [6, 5] },
  { dropout: 0.3 },
  { augment: "shift" },
  { labelSmoothing: 0.1 },
  { classWeights: { 3: 5 } },
  { seed: 2 },
])("%j trains other weights, and the same ones again", async (changed) => {
  const weights = (trained: Promise<Trained>) => trained.then(({ epochs }) => epochs.map(({ test }) => test.loss));
  const first = await weights(trainedWith(changed));
  expect(await weights(trainedWith(changed))).toEqual(first);
  expect(await weights(trainedWith({}))).not.toEqual(first);
});

test("the test loss is without the smoothing that training is for", async () => {
  const { epochs } = await trainedWith({ labelSmoothing: 0.9, learningRate: 1e-9, epochs: 1 });
  const plainly = await trainedWith({ learningRate: 1e-9, epochs: 1 });
  expect(epochs[0]!.test.loss).toBeCloseTo(plainly.epochs[0]!.test.loss, 5);
  expect(epochs[0]!.loss).not.toBeCloseTo(plainly.epochs[0]!.loss, 2);
});
