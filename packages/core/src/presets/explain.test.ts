import { describe, expect, it } from "vitest";
import { expectRefused, openPlain, rejection } from "../../testing/claims.ts";
import { explain, keras, lossAs, onnx, optax, type Preset, s4tf, tensorflow, torch } from "../compat.ts";

const TWO = [
  [1, 2, 3],
  [1, 2, 3],
];

describe("explain names", () => {
  it("the denominator, with both numbers that PyTorch and Keras were measured to give", async () => {
    const device = await openPlain();
    const { losses, settings, rows, text } = await explain(device.tensor(TWO), { labels: [0, 2] }, torch, keras, {
      classWeights: [1, 2, 4],
    });
    expect(losses).toEqual({ a: expect.closeTo(0.807606, 6), b: expect.closeTo(2.019015, 6) });
    expect(settings.filter(({ changes }) => changes)).toEqual([
      { setting: "denominator", a: "weights", b: "rows", changes: true, loss: losses.b },
    ]);
    expect(rows).toEqual([]);
    expect(
      text,
    ).toBe(`torch (PyTorch 2.13) and keras (Keras 3.15 on TensorFlow) differ on this batch of 2 rows: torch has the mean 0.807606, keras has the mean 2.01901.
Settings:
- denominator: weights (torch), rows (keras); with the latter torch has the mean 2.01901
- emptyMean: NaN (torch), 0 (keras); no difference on this batch
- ignoreIndex: -100 (torch), none (keras); no difference on this batch
- softGradient: exact (torch), p - q (keras); no difference on this batch
- classAxis: second (torch), last (keras); no difference on this batch`);
  });

  it("rows that one system refuses, skips or takes for another class", async () => {
    const device = await openPlain();
    const z = device.tensor([...TWO, [3, 1, 2]]);
    const { losses, errors, rows, text } = await explain(z, { labels: [-1, -100, 2] }, torch, optax);
    expect(losses).toEqual({ a: undefined, b: undefined });
    expect(errors.a).toContain("label -1 at row 0");
    expect(errors.b).toContain("label -100 at row 1");
    expect(rows.map(({ row, a, b }) => [row, a.label, b.label])).toEqual([
      [0, "refused", 2],
      [1, "ignored", "refused"],
    ]);
    expect(text).toContain("- row 0: refused (torch), class 2, loss 0.407606 (optax)");
    expect(text).toContain("- row 1: ignored, loss 0 (torch), refused (optax)");
    expect(text).toContain(
      "labelsOutOfRange: error (torch), wrap (optax); with the latter torch has the mean 0.907606",
    );
  });

  it("rows whose loss is the same and whose gradient is not", async () => {
    const device = await openPlain();
    const z = device.tensor(TWO);
    const probabilities = device.tensor([
      [1, 1, 0],
      [0, 0, 1],
    ]);
    const { rows, text } = await explain(z, { probabilities }, tensorflow, torch);
    expect(rows.map(({ row }) => row)).toEqual([0]);
    expect(text).toContain(
      "- row 0: loss 3.81521 in both; gradient [-0.909969, -0.755272, 0.665241] (tensorflow), [-0.819939, -0.510543, 1.33048] (torch)",
    );
    expect(text).toContain("softGradient: p - q (tensorflow), exact (torch); the mean is the same, rows below are not");
    expect(text).toContain("reduction: none (tensorflow), mean (torch); means are compared here");
  });

  it("the mean of nothing", async () => {
    const device = await openPlain();
    const z = device.tensor(TWO);
    const { text } = await explain(
      z,
      { labels: [7, 7] },
      torch,
      { ...torch, name: "mine", emptyMean: 0 },
      { ignoreIndex: 7 },
    );
    expect(text).toContain("torch has the mean NaN, mine has the mean 0.");
  });

  it("that two agree", async () => {
    const device = await openPlain();
    const { text } = await explain(device.tensor(TWO), { labels: [0, 2] }, torch, onnx);
    expect(text).toContain("agree on this batch of 2 rows: torch has the mean 1.40761, onnx has the mean 1.40761.");
  });

  it("rows across the inner axes of (N, C, d1)", async () => {
    const device = await openPlain();
    const z = device.tensor([
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    ]);
    const { rows } = await explain(z, { labels: [[-1, 2]] }, torch, onnx);
    expect(rows.map(({ row, b }) => [row, b.label])).toEqual([[0, 2]]);
    expectRefused(device, () => explain(z, { labels: [[0, 2]] }, torch, keras), "OPTION", ["say which: { axis }"]);
  });
});

it("explain keeps nothing, and refuses what no system takes", async () => {
  const device = await openPlain();
  const z = device.tensor(TWO);
  const before = device.memory().handles;
  await explain(z, { labels: [-1, 2] }, tensorflow, s4tf);
  await explain(z, { labels: [-1, 2] }, torch, onnx);
  expect(device.memory().handles).toBe(before);
  expectRefused(device, () => explain(z, { labels: [0.5, 2] }, torch, onnx), "LABEL", ["whole number"]);
  expectRefused(device, () => explain(z, { labels: [0, 2] }, torch, "keras" as never), "VALUE", ["pass the record"]);
  expectRefused(device, () => explain(z, { labels: [0, 2] }, torch, keras, { reduction: "sum" } as never), "OPTION", [
    "reduction",
  ]);
});

describe("a preset", () => {
  it("of one's own is a record like the others", async () => {
    const device = await openPlain();
    const mine: Preset = { ...torch, name: "mine", emptyMean: 0 };
    expect(await lossAs(device.tensor(TWO), { labels: [-100, -100] }, mine).item()).toBe(0);
  });

  it("is refused where it says too little, too much or what there is not", async () => {
    const device = await openPlain();
    const z = device.tensor(TWO);
    const as = (preset: unknown) => (): unknown => lossAs(z, { labels: [0, 2] }, preset as Preset);
    const { emptyMean: _, ...little } = torch;
    expectRefused(device, as(little), "OPTION", ["emptyMean", "{ ...torch, … }"]);
    expectRefused(device, as({ ...torch, epsilon: 1 }), "OPTION", ["epsilon"]);
    expectRefused(device, as({ ...torch, denominator: "sum" }), "OPTION", ["denominator"]);
    expectRefused(device, as(undefined), "VALUE", ["undefined"]);
  });

  it("with the gradient p - q has none for further terms", async () => {
    const device = await openPlain();
    const z = device.tensor(TWO);
    const probabilities = device.tensor(TWO);
    for (const options of [{ zLoss: 1 }, { temperature: 2 }, { classWeights: [1, 2, 3] }]) {
      expectRefused(device, () => lossAs(z, { probabilities }, tensorflow, options), "OPTION", [
        'softGradient to "exact"',
      ]);
    }
    expect(
      (await rejection(Promise.resolve().then(() => lossAs(z, { probabilities }, keras, { zLoss: 1 })))).code,
    ).toBe("OPTION");
  });
});
