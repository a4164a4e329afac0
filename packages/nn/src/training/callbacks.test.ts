import { softmaxCrossEntropy } from "@surprisal/core";
import { describe, expect, test } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { linear } from "../layers/dense.ts";
import { buildModel } from "../model/build-model.ts";
import { cosineDecay } from "../optimizers/schedules.ts";
import { sgd } from "../optimizers/sgd.ts";
import { stateDict } from "../state/state-dict.ts";
import type { Callback } from "./callback.ts";
import { type CompiledModel, type CompileOptions, compile } from "./compile.ts";
import { earlyStopping } from "./early-stopping.ts";
import { reduceLearningRateOnPlateau } from "./reduce-learning-rate.ts";

const x = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const y = Array.from({ length: 12 }, (_, i) => i % 3);

const model = async (options: Partial<CompileOptions> = {}): Promise<CompiledModel> =>
  compile(buildModel(await openPlain(), linear(2, 3)), {
    optimizer: (parameters) => sgd(parameters, { learningRate: 0.1 }),
    loss: "sparse_categorical_crossentropy",
    ...options,
  });

test("callbacks are told in order, of every batch and epoch", async () => {
  const { fit } = await model();
  const told: string[] = [];
  const listener: Callback = {
    onTrainBegin: ({ epochs, batches }) => void told.push(`begin ${epochs}×${batches}`),
    onEpochBegin: (epoch) => void told.push(`epoch ${epoch}`),
    onBatchEnd: async (batch, { loss }) => void told.push(`batch ${batch} ${typeof loss}`),
    onEpochEnd: (epoch, logs) => void told.push(`end ${epoch} ${Object.keys(logs)}`),
    onTrainEnd: () => void told.push("done"),
  };
  await fit(x, y, { epochs: 2, batchSize: 6, callbacks: [listener], validationData: [x, y] });
  const epoch = (n: number): string[] => [`epoch ${n}`, "batch 0 number", "batch 1 number", `end ${n} loss,val_loss`];
  expect(told).toEqual(["begin 2×2", ...epoch(0), ...epoch(1), "done"]);
});

test("a batch's logs are the means so far", async () => {
  const { fit, model: built } = await model({ optimizer: (p) => sgd(p, { learningRate: 0 }) });
  const losses = [
    ...(await softmaxCrossEntropy(built.apply(built.device.tensor(x)), { labels: y }, { reduction: "none" }).data()),
  ];
  const seen: number[] = [];
  await fit(x, y, {
    batchSize: 5,
    shuffle: false,
    callbacks: [{ onBatchEnd: (_, { loss }) => void seen.push(loss!) }],
  });
  const meanOf = (count: number): number => losses.slice(0, count).reduce((a, b) => a + b) / count;
  await expectClose(seen, [meanOf(5), meanOf(10), meanOf(12)]);
});

describe("training stops", () => {
  test("after the step at hand, by a signal: with its reason, and the model as that step left it", async () => {
    const { fit, model: built, optimizer, evaluate } = await model();
    const controller = new AbortController();
    const reason = new Error("enough");
    let ended = false;
    const callbacks: Callback[] = [
      {
        onBatchEnd(batch) {
          if (batch === 1) controller.abort(reason);
        },
        onTrainEnd() {
          ended = true;
        },
      },
    ];
    const fitting = fit(x, y, { epochs: 1000, batchSize: 2, callbacks, signal: controller.signal });
    await expect(fitting).rejects.toBe(reason);
    expect(ended).toBe(true);
    expect(optimizer.steps).toBeLessThanOrEqual(5); // two batches are told of at most two steps late
    const before = await stateDict(built.parameters);
    expect((await evaluate(x, y)).loss).toBeGreaterThan(0);
    await fit(x, y);
    expect(await stateDict(built.parameters)).not.toEqual(before);
  });

  test("before it began, where the signal was given before", async () => {
    const { fit, optimizer, evaluate, predict } = await model();
    const signal = AbortSignal.abort();
    for (const call of [fit(x, y, { signal }), evaluate(x, y, { signal }), predict(x, { signal })]) {
      await expect(call).rejects.toBe(signal.reason);
    }
    expect(optimizer.steps).toBe(0);
  });

  test("while it runs, by a timer: the loop lets it through", async () => {
    const { fit } = await model();
    const started = performance.now();
    const fitting = fit(x, y, { epochs: 1_000_000, batchSize: 1, signal: AbortSignal.timeout(60) });
    await expect(fitting).rejects.toMatchObject({ name: "TimeoutError" });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("with its epoch, by a callback", async () => {
    const { fit, optimizer } = await model();
    const stop: Callback = {
      onBatchEnd(_, __, training) {
        training.stopTraining = true;
      },
    };
    const { epoch, history } = await fit(x, y, { epochs: 9, batchSize: 1, callbacks: [stop], validationData: [x, y] });
    expect(epoch).toEqual([0]);
    expect(history.val_loss!.length).toBe(1);
    expect(optimizer.steps).toBeLessThan(12);
  });

  test("by a callback's own error, which is what fit rejects with", async () => {
    const { fit } = await model();
    const error = new Error("mine");
    const failing: Callback = {
      onEpochEnd() {
        throw error;
      },
    };
    await expect(fit(x, y, { callbacks: [failing] })).rejects.toBe(error);
    await fit(x, y);
  });
});

test("every callback is told of the end, and the first error is what fit rejects with", async () => {
  const { fit } = await model();
  const ended: number[] = [];
  const failing = (n: number): Callback => ({
    onTrainEnd() {
      ended.push(n);
      throw new Error(`end ${n}`);
    },
  });
  const first: Callback = {
    onEpochEnd() {
      throw new Error("first");
    },
  };
  await expect(fit(x, y, { callbacks: [failing(1), failing(2)] })).rejects.toThrow("end 1");
  await expect(fit(x, y, { callbacks: [failing(3), first, failing(4)] })).rejects.toThrow("first");
  expect(ended).toEqual([1, 2, 3, 4]);
});

test("a rate cannot be set by a schedule and by a plateau", async () => {
  const { fit, optimizer } = await model({ schedule: cosineDecay({ learningRate: 1, steps: 3 }) });
  await expectRefused(
    () => fit(x, y, { callbacks: [reduceLearningRateOnPlateau({ monitor: "loss" })] }),
    "OPTION",
    "reduceLearningRateOnPlateau: the model is compiled with a schedule",
  );
  expect(optimizer.steps).toBe(0);
});

test.each<[Record<string, unknown>, string]>([
  [{ patience: -1 }, "patience is a whole number of epochs ≥ 0, not -1"],
  [{ patience: 1.5 }, "not 1.5"],
  [{ patience: "2" }, "not 2"],
  [{ mode: "auto" }, 'mode is "min" or "max", not auto'],
  [{ minDelta: -0.1 }, "minDelta is a number from 0"],
  [{ minDelta: Number.NaN }, "minDelta"],
  [{ monitor: 3 }, "monitor is a name"],
])("watching refuses %j", async (options, message) => {
  await expectRefused(() => earlyStopping(options), "OPTION", "earlyStopping: ", message);
  await expectRefused(() => reduceLearningRateOnPlateau(options), "OPTION", "OnPlateau: ", message);
});

test("a lowest rate is a number", async () => {
  const minLearningRate = Number.NaN;
  await expectRefused(() => reduceLearningRateOnPlateau({ minLearningRate }), "OPTION", "minLearningRate", "NaN");
});

/** A callback that makes the logs say what the test wants. */
const saying = (values: readonly number[]): Callback => ({
  onEpochEnd: (epoch, logs) => {
    logs.val_loss = values[epoch]!;
  },
});

describe("early stopping", () => {
  test("waits for as many epochs as patience says, and brings back the best", async () => {
    const { fit, model: built } = await model();
    const states: unknown[] = [];
    const watch: Callback = { onEpochEnd: async () => void states.push(await stateDict(built.parameters)) };
    const stop = earlyStopping({ patience: 2, restoreBestWeights: true });
    const { epoch } = await fit(x, y, { epochs: 10, callbacks: [saying([3, 2, 2.5, 2, 1, 0]), watch, stop] });
    expect(epoch).toEqual([0, 1, 2, 3]);
    expect(await stateDict(built.parameters)).toEqual(states[1]);
    expect(built.device.memory().handles).toBe(3); // two parameters, and the mark that tick reads
  });

  test("more accuracy is better, by at least minDelta", async () => {
    const { fit } = await model();
    const accuracies: Callback = {
      onEpochEnd(epoch, logs) {
        logs.accuracy = [0.5, 0.7, 0.75][epoch]!;
      },
    };
    const stop = earlyStopping({ monitor: "accuracy", minDelta: 0.1 });
    expect((await fit(x, y, { epochs: 9, callbacks: [accuracies, stop] })).epoch).toEqual([0, 1, 2]);
    await expectRefused(
      () => fit(x, y, { callbacks: [earlyStopping()] }),
      "OPTION",
      'earlyStopping: there is no "val_loss" to watch; there are loss',
    );
  });
});

test("the learning rate falls where the loss does not", async () => {
  const { fit, optimizer } = await model();
  const rates: number[] = [];
  const watch: Callback = { onEpochEnd: () => void rates.push(optimizer.learningRate) };
  const reduce = reduceLearningRateOnPlateau({ patience: 2, factor: 0.5, minLearningRate: 0.04 });
  await fit(x, y, { epochs: 7, callbacks: [saying([1, 1, 1, 1, 1, 1, 1]), reduce, watch] });
  await expectClose(rates, [0.1, 0.1, 0.05, 0.05, 0.04, 0.04, 0.04]);
});

test("a schedule sets the rate of each step", async () => {
  const schedule = cosineDecay({ learningRate: 1, steps: 3 });
  const { fit, optimizer } = await model({ schedule });
  await fit(x, y, { epochs: 1, batchSize: 6 });
  expect(optimizer.learningRate).toBe(schedule(1));
});

test("a hundred predictions run at once, also while the model is fitted", async () => {
  const { fit, predict } = await model({ optimizer: (p) => sgd(p, { learningRate: 0 }) });
  const fitting = fit(x, y, { epochs: 20, batchSize: 2 });
  const all = await Promise.all(Array.from({ length: 100 }, () => predict(x, { batchSize: 5 })));
  await fitting;
  expect(all[0]!.shape).toEqual([12, 3]);
  for (const { data } of all) expect(data).toEqual(all[0]!.data);
});

test("a timer of 5 ms runs all through a fit", async () => {
  const { fit } = await model();
  const gaps: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    gaps.push(performance.now() - last);
    last = performance.now();
  }, 5);
  await fit(x, y, { epochs: 1_000_000, batchSize: 1, signal: AbortSignal.timeout(300) }).catch(() => {});
  clearInterval(timer);
  // 16 ms of work and 5 of waiting; the median, since a machine that is busy with other tests stops everything at times.
  const median = gaps.sort((a, b) => a - b)[gaps.length >> 1];
  expect(median).toBeLessThan(100);
});

test("a second fit at the same time is refused", async () => {
  const { fit } = await model();
  const first = fit(x, y, { epochs: 3 });
  await expectRefused(() => fit(x, y), "VALUE", "being fitted already");
  await first;
});
