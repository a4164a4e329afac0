import {
  type Device,
  logSoftmax,
  max,
  mean,
  mul,
  softmax,
  softmaxCrossEntropy,
  square,
  sub,
  type Tensor,
} from "@surprisal/core";
import { describe, expect, test } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { dense, linear } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import { embeddingBag } from "../layers/embedding.ts";
import type { Layer } from "../layers/layer.ts";
import { sequential } from "../layers/sequential.ts";
import { buildModel, type Model } from "../model/build-model.ts";
import { sgd } from "../optimizers/sgd.ts";
import { randomStream } from "../random/random-stream.ts";
import { loadStateDict, stateDict } from "../state/state-dict.ts";
import { type CompiledModel, type CompileOptions, compile } from "./compile.ts";
import type { FitOptions } from "./fit-options.ts";

const rows = 11;
const random = randomStream(99);
const x = { shape: [rows, 3], data: Float64Array.from({ length: rows * 3 }, () => 2 * random.nextFloat() - 1) };
const y = Uint8Array.from({ length: rows }, (_, i) => i % 4);
const network: Layer = sequential([linear(3, 5), dense(4, { activation: "softmax" })]);

const byGradient = (learningRate: number): CompileOptions => ({
  optimizer: (parameters) => sgd(parameters, { learningRate }),
  loss: "sparse_categorical_crossentropy",
});
const compiled = (device: Device, options: CompileOptions, layer = network): CompiledModel =>
  compile(buildModel(device, layer, { seed: 1 }), options);

/** The loss of every row, from the model's own logits. */
const rowLosses = async ({ logits, device }: Model, labels: Uint8Array): Promise<number[]> =>
  device.scoped(async (step) => [
    ...(await softmaxCrossEntropy(logits(step.tensor(x)), { labels }, { reduction: "none" }).data()),
  ]);
const weighted = (values: number[], weights: ArrayLike<number>): number =>
  values.reduce((sum, value, i) => sum + value * weights[i]!, 0) / Array.from(weights).reduce((a, b) => a + b);

describe("one fit", () => {
  test("steps as the loop written by hand does, bit by bit", async () => {
    const device = await openPlain();
    const { model, fit } = compiled(device, byGradient(0.5));
    await fit(x, y, { epochs: 3, batchSize: 4, shuffle: false });

    const byHand = buildModel(device, network, { seed: 1 });
    const optimizer = sgd(byHand.parameters, { learningRate: 0.5 });
    for (let epoch = 0; epoch < 3; epoch++) {
      for (let start = 0; start < rows; start += 4) {
        const labels = y.subarray(start, start + 4);
        await device.scoped((step) => {
          const batch = step.tensor(x.data.subarray(3 * start, 3 * (start + 4)), [labels.length, 3]);
          const { gradients } = step.valueAndGrad(
            (parameters) => softmaxCrossEntropy(byHand.logits(batch, { parameters }), { labels }),
            byHand.parameters,
          );
          optimizer.update(gradients);
        });
      }
    }
    expect(await stateDict(model.parameters)).toEqual(await stateDict(byHand.parameters));
  });

  test("says the exact means over all rows, whatever the batches", async () => {
    const device = await openPlain();
    const { model, fit, evaluate } = compiled(device, { ...byGradient(0), metrics: ["accuracy"] });
    const losses = await rowLosses(model, y);
    const expected = losses.reduce((a, b) => a + b) / rows;
    for (const batchSize of [1, 4, 100]) {
      const { epoch, history } = await fit(x, y, { epochs: 2, batchSize });
      expect(epoch).toEqual([0, 1]);
      expect(Object.keys(history)).toEqual(["loss", "accuracy"]);
      await expectClose(history.loss!, [expected, expected]);
      const { loss, accuracy } = await evaluate(x, y, { batchSize });
      expect(accuracy).toBe(history.accuracy![0]);
      await expectClose([loss!], [expected]);
    }
  });

  test("weighs rows by their own weights times those of their classes", async () => {
    const device = await openPlain();
    const { model, fit } = compiled(device, byGradient(0));
    const sampleWeight = Float64Array.from({ length: rows }, (_, i) => i / 2); // the first weighs nothing
    const both = sampleWeight.map((weight, i) => weight * (y[i] === 2 ? 5 : 1));
    const expected = weighted(await rowLosses(model, y), both);
    const { history } = await fit(x, y, { batchSize: 4, sampleWeight, classWeight: { 2: 5 } });
    await expectClose(history.loss!, [expected]);
    const { loss } = await compile(model, byGradient(0)).evaluate(x, y, { batchSize: 3, sampleWeight: both });
    await expectClose([loss!], [expected]);
  });

  test("steps as if a row of weight 2 stood there twice", async () => {
    const device = await openPlain();
    const once = compiled(device, byGradient(0.5));
    await once.fit({ shape: [2, 3], data: x.data.subarray(0, 6) }, [0, 1], { sampleWeight: [2, 1], shuffle: false });
    const twice = compiled(device, byGradient(0.5));
    const repeated = Float64Array.of(...x.data.subarray(0, 3), ...x.data.subarray(0, 6));
    await twice.fit({ shape: [3, 3], data: repeated }, [0, 0, 1], { shuffle: false });
    const expected = await stateDict(twice.model.parameters);
    for (const [name, { data }] of Object.entries(await stateDict(once.model.parameters))) {
      await expectClose(data, expected[name]!.data, 1e-10);
    }
  });

  test("trains as if a row of weight 0 were not there, whatever its inputs and its label are", async () => {
    const device = await openPlain("f32");
    const padded = { shape: [5, 3], data: [1, 2, 3, Number.NaN, 0, 0, 4, 5, 6, 1e38, 1e38, 1e38, 7, 8, 9] };
    const alone = { shape: [3, 3], data: [1, 2, 3, 4, 5, 6, 7, 8, 9] };
    const options = { batchSize: 2, epochs: 3 };
    const expected = compiled(device, byGradient(0.1));
    const { history } = await expected.fit(alone, [0, 1, 1], options);
    const bySamples = compiled(device, byGradient(0.1));
    const byClasses = compiled(device, byGradient(0.1));
    const runs = [
      await bySamples.fit(padded, [0, -1, 1, 2, 1], { ...options, sampleWeight: [1, 0, 1, 0, 1] }),
      await byClasses.fit(padded, [0, 2, 1, 2, 1], { ...options, classWeight: { 2: 0 } }),
    ];
    const state = await stateDict(expected.model.parameters);
    for (const [i, { model }] of [bySamples, byClasses].entries()) {
      expect(await stateDict(model.parameters)).toEqual(state);
      expect(runs[i]!.history).toEqual(history);
    }
  });

  test("makes no step where no row weighs anything: the loss is 0, as Keras has it, and nothing moves", async () => {
    const device = await openPlain();
    const { model, optimizer, fit } = compiled(device, { ...byGradient(0), optimizer: "adamw" });
    await fit(x, y, { batchSize: 4 });
    const before = await stateDict(model.parameters);
    const { steps } = optimizer;
    const told: string[] = [];
    const callback = { onBatchEnd: () => void told.push("batch"), onEpochEnd: () => void told.push("epoch") };
    const nothing = { sampleWeight: new Float32Array(rows), callbacks: [callback] };
    expect((await fit(x, y, nothing)).history).toEqual({ loss: [0] });
    expect((await fit(x, y, { classWeight: [0, 0, 0, 0] })).history).toEqual({ loss: [0] });
    expect(await stateDict(model.parameters)).toEqual(before);
    expect([optimizer.steps, told]).toEqual([steps, ["epoch"]]);
  });

  test("takes a row of weight 0 out of the loss, infinite as it may be", async () => {
    const device = await openPlain("f32");
    const layer = sequential([linear(3, 4), (z) => mul(z, 1e30)]);
    const far = { shape: [3, 3], data: [1, 2, 3, 4, 5, 6, 1e30, -1e30, 1e30] };
    const perRow = (output: Tensor): Tensor => mean(mul(output, 1e-30), -1);
    const oneHot = [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ];
    for (const [loss, targets] of [
      ["sparse_categorical_crossentropy", [0, 1, 2]],
      ["categorical_crossentropy", oneHot],
      [perRow, [0, 1, 2]],
    ] as const) {
      const both = compiled(device, { ...byGradient(1e-40), loss }, layer);
      const two = compiled(device, { ...byGradient(1e-40), loss }, layer);
      const near = { shape: [2, 3], data: far.data.slice(0, 6) };
      expect((await both.evaluate(far, targets)).loss).not.toSatisfy(Number.isFinite);
      const found = await both.evaluate(far, targets, { sampleWeight: [1, 1, 0] });
      await expectClose([found.loss!], [(await two.evaluate(near, targets.slice(0, 2) as number[])).loss!], 1e-6);
      expect((await both.fit(far, targets, { sampleWeight: [0, 0, 0] })).history.loss).toEqual([0]);
      expect((await both.fit(far, targets, { sampleWeight: [1, 1, 0] })).history.loss![0]).toBeLessThan(1e32);
      for (const { data } of Object.values(await stateDict(both.model.parameters))) {
        expect(data).toSatisfy((numbers: Float32Array) => numbers.every(Number.isFinite));
      }
    }
  });

  test("validates on the last rows, which it does not train with, or on others", async () => {
    const device = await openPlain();
    const { fit, evaluate } = compiled(device, byGradient(0.1));
    const last = { shape: [3, 3], data: x.data.subarray(24) };
    const split = await fit(x, y, { batchSize: 2, validationSplit: 0.27, classWeight: { 0: 9 } }); // ⌊11·0.73⌋ = 8
    const { loss } = await evaluate(last, y.subarray(8));
    await expectClose(split.history.val_loss!, [loss!]);
    const given = await fit(x, y, { validationData: [last, y.subarray(8)], initialEpoch: 4, epochs: 5 });
    expect(given.epoch).toEqual([4]);
    await expectClose(given.history.val_loss!, [(await evaluate(last, y.subarray(8))).loss!]);
    await expectRefused(() => fit(x, y, { validationSplit: 0.95 }), "OPTION", "validationSplit", "11 rows");
  });

  test("reads a typed array as its batches come: a callback may write other examples into it between epochs", async () => {
    const device = await openPlain();
    const { model, fit, evaluate } = compiled(device, byGradient(0));
    const data = x.data.slice();
    const callback = { onEpochBegin: (epoch: number) => void data.set(x.data.map((value) => value * epoch)) };
    const { history } = await fit({ shape: x.shape, data }, y, { epochs: 2, callbacks: [callback] });
    const { loss } = await evaluate({ shape: x.shape, data: x.data.map(() => 0) }, y);
    await expectClose(history.loss!, [
      loss!,
      weighted(
        await rowLosses(model, y),
        y.map(() => 1),
      ),
    ]);
  });

  test("shuffles each epoch anew by the seed, and repeats itself", async () => {
    const device = await openPlain();
    const layer: Layer = sequential([linear(3, 8), dropout(0.3), dense(4)]);
    const trained = async (seed: number): Promise<unknown> => {
      const { model, fit } = compiled(device, byGradient(0.5), layer);
      await fit(x, y, { epochs: 3, batchSize: 4, seed });
      return stateDict(model.parameters);
    };
    expect(await trained(5)).toEqual(await trained(5));
    expect(await trained(5)).not.toEqual(await trained(6));
  });

  test("goes on in a second fit: two of one epoch are one of two", async () => {
    const device = await openPlain();
    const trained = async (...fits: FitOptions[]): Promise<unknown> => {
      const { model, fit } = compiled(device, byGradient(0.5));
      for (const options of fits) await fit(x, y, { batchSize: 4, ...options });
      return stateDict(model.parameters);
    };
    const once = await trained({ epochs: 2 });
    expect(await trained({ epochs: 1 }, { epochs: 1 })).toEqual(once);
    expect(await trained({ epochs: 1 }, { epochs: 2, initialEpoch: 1 })).toEqual(once);
    expect(await trained({ epochs: 1 })).not.toEqual(await trained({ epochs: 2, initialEpoch: 1 }));
  });

  test("leaves nothing behind but what it learnt", async () => {
    const device = await openPlain("f32");
    const { fit, model, dispose } = compiled(device, { ...byGradient(0.1), metrics: ["accuracy"], clipValue: 1 });
    await fit(x, y, { epochs: 2, batchSize: 4, validationSplit: 0.3, sampleWeight: new Float32Array(rows).fill(1) });
    dispose();
    expect(device.memory().handles).toBe(Object.keys(model.parameters).length + 1); // and the mark that tick reads
  });

  test("learns from bags of words of any lengths", async () => {
    const device = await openPlain();
    const model = buildModel(device, sequential([embeddingBag(6, 4), dense(2, { activation: "softmax" })]));
    const bags = [[0, 1], [1, 2, 0], [3], [4, 5, 3, 3], [2], [5]];
    const classifier = compile(model, { ...byGradient(1), metrics: ["accuracy"] });
    await classifier.fit(bags, [0, 0, 1, 1, 0, 1], { epochs: 40, batchSize: 2 });
    expect(await classifier.evaluate(bags, [0, 0, 1, 1, 0, 1])).toMatchObject({ accuracy: 1 });
  });
});

describe("the loss", () => {
  test("starts from the logits behind a softmax: a confident row keeps its own", async () => {
    const device = await openPlain("f32");
    const sure = sequential([dense(2, { kernelInitialiser: "ones", activation: "softmax" })]);
    const model = buildModel(device, sequential([(z) => sub(z, 0), sure]), { inputShape: [1] });
    const names = ["sparse_categorical_crossentropy", "sparseCategoricalCrossentropy"] as const;
    loadStateDict(model.parameters, {
      "1.0.w": { shape: [1, 2], data: [50, 0] },
      "1.0.b": { shape: [2], data: [0, 0] },
    });
    for (const loss of names) {
      const value = await compile(model, { optimizer: "sgd", loss }).evaluate([[1]], [0]);
      await expectClose([value.loss!], [1.928749847963918e-22], 1e-6); // log1p(e^−50)
    }
    const oneHot = await compile(model, { optimizer: "sgd", loss: "categorical_crossentropy" }).evaluate(
      [[1]],
      [[1, 0]],
    );
    await expectClose([oneHot.loss!], [1.928749847963918e-22], 1e-6);
  });

  test("starts from the logits also behind a softmax in a function or a layer of one's own", async () => {
    const device = await openPlain();
    const own: Layer = { name: "own", apply: (z) => softmax(z) };
    const trained = async (last: Layer | ((z: Tensor) => Tensor)): Promise<unknown[]> => {
      const layer = sequential([linear(3, 4), last]);
      const { model, fit, evaluate } = compiled(device, { ...byGradient(0.5), metrics: ["accuracy", sureness] }, layer);
      const { history } = await fit(x, y, { epochs: 2, batchSize: 4 });
      const logits = await device.scoped((step) => model.logits(step.tensor(x)).data());
      return [history, await evaluate(x, y), await stateDict(model.parameters), logits];
    };
    const sureness = { name: "sureness", on: "output", rows: (output: Tensor) => max(output, -1) } as const;
    const expected = await trained(softmax);
    expect(await trained((z) => softmax(z))).toEqual(expected);
    expect(await trained(own)).toEqual(expected);
    expect((await trained((z) => logSoftmax(z)))[2]).toEqual(expected[2]);
    // Over another axis than the classes' it is no distribution over them.
    expect((await trained((z) => softmax(z, 0)))[2]).not.toEqual(expected[2]);
  });

  test("takes one-hot rows for what labels say, and weighs their classes alike", async () => {
    const device = await openPlain();
    const oneHot = Array.from(y, (label) => [0, 1, 2, 3].map((j) => (j === label ? 1 : 0)));
    const sparse = compiled(device, { ...byGradient(0), metrics: ["accuracy"] });
    const whole = compile(sparse.model, { ...byGradient(0), loss: "categorical_crossentropy", metrics: ["accuracy"] });
    const options = { classWeight: [1, 2, 3, 4] };
    const [a, b] = [await sparse.fit(x, y, options), await whole.fit(x, oneHot, options)];
    await expectClose(a.history.loss!, b.history.loss!);
    expect(a.history.accuracy).toEqual(b.history.accuracy);
  });

  test("may be a function of the output and the targets, with a number for each row", async () => {
    const device = await openPlain();
    const model = buildModel(device, linear(3, 1));
    const squared = (output: Tensor, targets: { tensor(): Tensor }): Tensor =>
      mean(square(sub(output, targets.tensor())), -1);
    const line = compile(model, { optimizer: (p) => sgd(p, { learningRate: 0.3 }), loss: squared });
    const target = Array.from({ length: rows }, (_, i) => [2 * x.data[3 * i]! - x.data[3 * i + 2]! + 1]);
    await line.fit(x, target, { epochs: 300, batchSize: rows });
    await expectClose(model.parameters.w!, [2, 0, -1], 1e-5);
    const wrong = compile(model, { optimizer: "sgd", loss: (output) => mean(output) });
    await expectRefused(() => wrong.fit(x, target), "SHAPE", 'one number for each (reduction: "none")');
  });

  test("says which of the two fits the targets", async () => {
    const device = await openPlain();
    const sparse = compiled(device, byGradient(0));
    await expectRefused(() => sparse.fit(x, x), "SHAPE", "targets [11, 3]", "take categoricalCrossentropy");
    const whole = compiled(device, { ...byGradient(0), loss: "categorical_crossentropy" });
    await expectRefused(() => whole.fit(x, y), "SHAPE", "targets [11]", "take sparseCategoricalCrossentropy");
    const column = { shape: [rows, 1], data: y };
    const both = [await sparse.fit(x, column), await sparse.fit(x, y)];
    await expectClose(both[0]!.history.loss!, both[1]!.history.loss!);
  });

  test("names the row of the data set, not of the batch, whose label is wrong", async () => {
    const device = await openPlain();
    const { fit } = compiled(device, byGradient(0.1));
    const wrong = y.with(6, 7);
    await expectRefused(() => fit(x, wrong, { batchSize: 2 }), "LABEL", "fit: label 7 of row 6 of y", "(4 classes)");
  });
});

/** Ones, but for one row. */
const weightAt = (row: number, weight: number): number[] => new Array<number>(rows).fill(1).with(row, weight);

describe("fit refuses", () => {
  const cases: [string, (c: CompiledModel) => unknown, "OPTION" | "SHAPE" | "VALUE", string[]][] = [
    ["options it does not know", (c) => c.fit(x, y, { epoch: 3 } as never), "OPTION", ['"epoch"', "epochs"]],
    ["a batch of nothing", (c) => c.fit(x, y, { batchSize: 0 }), "OPTION", ["batchSize", "0"]],
    ["other numbers of rows", (c) => c.fit(x, y.subarray(1)), "SHAPE", ["11 rows", "y 10"]],
    ["no rows", (c) => c.fit([], []), "SHAPE", ["no rows"]],
    ["ragged rows", (c) => c.fit([[1, 2, 3], [1, 2]], [0, 1]), "SHAPE", ["ragged", "3 values", "one of 2"]], // biome-ignore format: one line
    ["texts", (c) => c.fit([["a", "b", "c"]] as never, [0]), "VALUE", ["x holds strings"]],
    ["tensors", (c) => c.fit(c.model.parameters["0.b"] as never, y), "VALUE", ["x is on the host"]],
    ["negative weights", (c) => c.fit(x, y, { classWeight: { 1: -1 } }), "OPTION", ["classWeight", "-1"]],
    ["weights of no class", (c) => c.fit(x, y, { classWeight: { cat: 1 } as never }), "OPTION", ['the key "cat"']],
    ["one weight for all classes", (c) => c.fit(x, y, { classWeight: 2 as never }), "OPTION", ["classWeight", "2"]],
    ["a text for a weight", (c) => c.fit(x, y, { classWeight: { 9: "1" } as never }), "OPTION", ["class 9"]],
    ["a callback by itself", (c) => c.fit(x, y, { callbacks: {} as never }), "OPTION", ["callbacks are an array"]],
    ["a function as callback", (c) => c.fit(x, y, { callbacks: [(() => {}) as never] }), "OPTION", ["callback 0"]],
    ["no function", (c) => c.fit(x, y, { callbacks: [{ onEpochEnd: 1 as never }] }), "OPTION", ["onEpochEnd"]],
    ["too few weights", (c) => c.fit(x, y, { sampleWeight: [1] }), "SHAPE", ["sampleWeight has shape [1]", "11 rows"]],
    [
      "a weight below 0",
      (c) => c.fit(x, y, { sampleWeight: weightAt(3, -1) }),
      "OPTION",
      ["sampleWeight of row 3 is -1"],
    ],
    [
      "a weight of NaN",
      (c) => c.evaluate(x, y, { sampleWeight: weightAt(5, Number.NaN) }),
      "OPTION",
      ["evaluate: sampleWeight of row 5 is NaN"],
    ],
    [
      "a weight too large for the device",
      (c) => c.fit(x, y, { sampleWeight: weightAt(2, 2e301) }),
      "OPTION",
      ["fit: sampleWeight of row 2 is 2e+301", "scale them all"],
    ],
    [
      "weights too small together",
      (c) => c.fit(x, y, { sampleWeight: weightAt(0, 1e-200), classWeight: Array(4).fill(1e-200) }),
      "OPTION",
      ["sampleWeight times classWeight of row 0 is 0"],
    ],
    ["two validations", (c) => c.fit(x, y, { validationSplit: 0.1, validationData: [x, y] }), "OPTION", ["two ways"]],
    ["data that do not fill their shape", (c) => c.fit({ ...x, shape: [12, 3] }, y), "SHAPE", ["36", "33"]],
  ];
  test.each(cases)("%s", async (_, call, code, words) => {
    const device = await openPlain();
    const model = compiled(device, byGradient(0.1));
    const before = await stateDict(model.model.parameters);
    await expectRefused(() => call(model), code, ...words);
    expect(await stateDict(model.model.parameters)).toEqual(before);
  });

  test.each<[Record<string, unknown>, string]>([
    [{ clipValue: 0 }, "compile: clipValue: the limit is a number above 0, not 0"],
    [{ clipValue: "1" }, "clipValue"],
    [{ globalClipNorm: Number.NaN }, "globalClipNorm"],
    [{ schedule: 0.1 }, "a schedule is a function"],
    [{ metrics: "accuracy" }, "metrics are an array"],
    [{ metrics: [{ name: "m", rows: () => {} }] }, "a measure is { name, on, rows }"],
    [{ loss: {} }, "a measure is { name, on, rows }"],
    [{ loss: 3 }, 'there is no loss "3"'],
    [{ optimizer: () => undefined }, "no optimizer"],
  ])("to compile %j", async (options, message) => {
    const device = await openPlain();
    await expectRefused(() => compiled(device, { ...byGradient(1), ...options }), "OPTION", message);
  });

  test("names that do not exist", async () => {
    const device = await openPlain();
    await expectRefused(() => compiled(device, { ...byGradient(1), loss: "mse" as never }), "OPTION", '"mse"');
    await expectRefused(() => compiled(device, { ...byGradient(1), metrics: ["f1" as never] }), "OPTION", '"f1"');
    await expectRefused(() => compiled(device, { ...byGradient(1), optimizer: "lion" as never }), "OPTION", '"lion"');
    await expectRefused(
      () => compiled(device, { ...byGradient(1), metrics: ["accuracy", "accuracy"] }),
      "OPTION",
      'two measures are named "accuracy"',
    );
  });
});
