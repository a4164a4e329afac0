import { plain } from "@surprisal/backend-cpu/plain";
import { type BackendProvider, type Device, isSurprisalError, openDevice } from "@surprisal/core";
import { expect, test } from "vitest";
import { dense, linear } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import { sequential } from "../layers/sequential.ts";
import { buildModel } from "../model/build-model.ts";
import { gradientAccumulator } from "../optimizers/gradient-accumulator.ts";
import { cosineDecay } from "../optimizers/schedules.ts";
import { sgd } from "../optimizers/sgd.ts";
import { compile } from "./compile.ts";

const rows = 20;
const x = { shape: [rows, 3], data: Float64Array.from({ length: rows * 3 }, (_, i) => Math.sin(i)) };
const y = Uint8Array.from({ length: rows }, (_, i) => i % 3);

/** Plain in float64 of which every read rejects from a certain one on. */
function failingAfter(reads: number): BackendProvider {
  let left = reads;
  return {
    name: "mortal",
    async open(options) {
      const backend = await (plain({ precision: "f64" }) as BackendProvider).open(options);
      return {
        ...backend,
        read: (handle) => (left-- > 0 ? backend.read(handle) : Promise.reject(new Error("the context was lost"))),
      };
    },
  };
}

/** Training with all that the host remembers: order, dropout, AdamW's steps, a schedule, a metric, validation. */
async function trained(device: Device) {
  const layer = sequential([linear(3, 6), dropout(0.3), dense(3, { activation: "softmax" })]);
  const model = compile(buildModel(device, layer, { seed: 5 }), {
    optimizer: "adamw",
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
    schedule: cosineDecay({ learningRate: 0.1, steps: 20 }),
  });
  const { history } = await model.fit(x, y, { epochs: 4, batchSize: 6, validationSplit: 0.25 });
  return { history, probabilities: [...(await model.predict(x)).data] };
}

test("fit goes on where the device is lost, with the numbers of a run that nothing disturbed", async () => {
  const undisturbed = await openDevice([plain({ precision: "f64" })]);
  const expected = await trained(undisturbed);
  await undisturbed.close();
  let recovered = 0;
  for (let reads = 0; reads < 140; reads += 3) {
    const device = await openDevice([failingAfter(reads), plain({ precision: "f64" })], { recover: true });
    try {
      expect(await trained(device), `lost at read ${reads}`).toEqual(expected);
      if (device.facts.name === "plain" && device.report.candidates[0]!.status === "lost") recovered++;
    } catch (error) {
      // Twelve reads are the first host copies, which need the device; predicting is outside of fit.
      if (!isSurprisalError(error, "LOST")) throw error;
      expect(reads <= 12 || reads > 60, `lost at read ${reads}`).toBe(true);
    }
    await device.close().catch(() => {});
  }
  expect(recovered).toBeGreaterThan(15);
});

test("without recover, fit rejects with the typed error", async () => {
  const device = await openDevice([failingAfter(20), plain({ precision: "f64" })]);
  await expect(trained(device)).rejects.toMatchObject({ code: "LOST" });
  await device.close();
});

test("a learning rate that was changed, and what was accumulated, go back together with the parameters", async () => {
  const device = await openDevice([failingAfter(8), plain({ precision: "f64" })], { recover: true });
  const p = device.parameter([0]);
  const params = { p };
  const optimizer = sgd(params, { learningRate: 1, momentum: 0.5, dampening: 0.5 });
  const accumulator = gradientAccumulator(params);
  const gradient = { p: device.tensor([1]) };
  accumulator.add(gradient, 1);
  let runs = 0;
  await device.recovering(async () => {
    runs++;
    expect([optimizer.learningRate, optimizer.steps]).toEqual([1, 0]);
    for (let i = 0; i < 3; i++) {
      accumulator.add(gradient, 1);
      await device.scoped((step) => optimizer.update(accumulator.take(step)));
      optimizer.learningRate /= 2;
      await p.item();
      await p.item();
    }
  });
  expect(runs).toBe(2);
  expect(optimizer.steps).toBe(3);
  // v = 1, then 0.5·v + 0.5·g = 1 each time; p = −(1 + 1/2 + 1/4).
  expect(await p.item()).toBe(-1.75);
  await device.close();
});
