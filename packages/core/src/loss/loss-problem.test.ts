/** What the loss refuses: always before a kernel runs or memory is taken, the same on every device. */
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, openPlain, refusal } from "../../testing/claims.ts";
import {
  type Device,
  type ErrorCode,
  ones,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  type Tensor,
  zeros,
} from "../index.ts";

const op = "softmaxCrossEntropy";

/** An array that another realm made. */
const elsewhere = (source: string): unknown => runInNewContext(source);

function transferred(): Int32Array {
  const labels = Int32Array.of(0, 1);
  structuredClone(labels.buffer, { transfer: [labels.buffer] });
  return labels;
}

/** Logits [2, 3], and a tensor of the same shape. */
async function problem(): Promise<{ device: Device; z: Tensor; q: Tensor }> {
  const device = await openPlain();
  return { device, z: device.tensor(zeros(2, 3)), q: device.tensor(ones(2, 3)) };
}

describe("a label is refused, naming its row, if it is", () => {
  const range = (label: unknown): string =>
    `${op}: label ${label} at row 1 is outside 0 … 2 (3 classes); if it marks rows to skip, pass { ignoreIndex: ${label} }`;
  const fraction = (label: unknown): string => `${op}: label ${label} at position 1 is not a whole number`;
  const type = (what: string): string => `${op}: values are numbers, not ${what} (at position 1)`;
  it.each<[string, unknown, ErrorCode, string]>([
    ["C", [0, 3], "LABEL", range(3)],
    ["−1, which would wrap", [0, -1], "LABEL", range(-1)],
    ["−100, PyTorch's mark", Int32Array.of(0, -100), "LABEL", range(-100)],
    ["2³¹ − 1", [0, 2 ** 31 - 1], "LABEL", range(2147483647)],
    ["−2³¹", [0, -(2 ** 31)], "LABEL", range(-2147483648)],
    ["2³², which would wrap to 0", [0, 2 ** 32], "LABEL", range(4294967296)],
    ["2⁵³", [0, 2 ** 53], "LABEL", range(9007199254740992)],
    [
      "a 64-bit integer beyond 2⁵³",
      BigInt64Array.of(0n, 2n ** 53n + 1n),
      "LABEL",
      `${op}: label 9007199254740993 at position 1 is beyond 2^53`,
    ],
    ["a 64-bit integer out of range", BigUint64Array.of(0n, 3n), "LABEL", range(3)],
    ["a fraction", [0, 1.5], "LABEL", fraction(1.5)],
    ["NaN", Float32Array.of(0, Number.NaN), "LABEL", fraction(Number.NaN)],
    ["infinite", [0, Infinity], "LABEL", fraction(Infinity)],
    ["a fraction in 64 bits of another realm", elsewhere("Float64Array.of(0, 1.5)"), "LABEL", fraction(1.5)],
    ["out of range in an array of another realm", elsewhere("Int32Array.of(0, 3)"), "LABEL", range(3)],
    ["a 64-bit integer of another realm out of range", elsewhere("BigInt64Array.of(0n, 3n)"), "LABEL", range(3)],
    ["in a buffer that was transferred", transferred(), "VALUE", `${op}: the Int32Array is detached`],
    ["a string", [0, "1"], "VALUE", type('the string "1"')],
    ["null", [0, null], "VALUE", type("null")],
    ["a bigint among numbers", [0, 1n], "VALUE", type("the bigint 1")],
  ])("%s", async (_, labels, code, message) => {
    const { device, z } = await problem();
    const { made } = device.memory();
    expectRefused(device, () => softmaxCrossEntropy(z, { labels } as never), code, [message]);
    const gradient = (): unknown => softmaxCrossEntropyGradient(z, { labels } as never);
    expectRefused(device, gradient, code, [message.replace(op, "softmaxCrossEntropyGradient")]);
    expect(device.memory().made).toBe(made);
  });

  it.runIf("Float16Array" in globalThis)("a fraction in 16 bits", async () => {
    const { device, z } = await problem();
    const Float16Array = (globalThis as unknown as { Float16Array: Float32ArrayConstructor }).Float16Array;
    const labels = Float16Array.of(0, 1.5);
    expectRefused(device, () => softmaxCrossEntropy(z, { labels }), "LABEL", [fraction(1.5)]);
    expect(await softmaxCrossEntropy(z, { labels: Float16Array.of(0, 2) }).item()).toBeCloseTo(Math.log(3));
  });

  it("not for the realm of its array", async () => {
    const { z } = await problem();
    for (const source of ["BigInt64Array.of(0n, 2n)", "Float64Array.of(0, 2)", "Uint8Array.of(0, 2)", "[0, 2]"]) {
      const labels = elsewhere(source) as number[];
      expect(await softmaxCrossEntropy(z, { labels }).item()).toBeCloseTo(Math.log(3));
    }
  });

  it("with the row, the label and the number of classes on the error", async () => {
    const { z } = await problem();
    expect(refusal(() => softmaxCrossEntropy(z, { labels: [2, 7] }))).toMatchObject({
      name: "LabelError",
      row: 1,
      label: 7,
      classes: 3,
    });
    expect(refusal(() => softmaxCrossEntropy(z, { labels: [0.5, 0] }))).toMatchObject({
      row: 0,
      label: 0.5,
      classes: 3,
    });
  });

  it("but −0, every integer array, and the batch's own shape or a flat one are taken", async () => {
    const { device, z } = await problem();
    const cube = device.tensor(zeros(2, 1, 3));
    for (const labels of [[-0, 2], Uint8Array.of(0, 2), BigInt64Array.of(0n, 2n), Float64Array.of(0, 2)]) {
      await expectClose(softmaxCrossEntropy(z, { labels }), [Math.log(3)], 1e-15);
      await expectClose(softmaxCrossEntropy(cube, { labels }), [Math.log(3)], 1e-15);
    }
    await expectClose(softmaxCrossEntropy(cube, { labels: [[0], [2]] }), [Math.log(3)], 1e-15);
  });
});

describe("targets are refused:", () => {
  const remedy = "pass { labels } (class indices on the host) or { probabilities } (a tensor like the logits)";
  it.each<[string, (q: Tensor) => unknown, ErrorCode, string[]]>([
    [
      "both",
      (q) => ({ labels: [0, 1], probabilities: q }),
      "VALUE",
      [`${op}: targets need exactly one of the two: ${remedy}`],
    ],
    ["none", () => ({}), "VALUE", [`${op}: targets need exactly one of the two: ${remedy}`]],
    ["undefined", () => undefined, "VALUE", [op, remedy, "not undefined"]],
    ["null", () => null, "VALUE", [op, remedy, "not null"]],
    ["bare labels", () => [0, 1], "VALUE", [op, remedy, "not an Array"]],
    ["bare integers", () => Int32Array.of(0, 1), "VALUE", [op, remedy, "not an Int32Array"]],
    ["a bare tensor", (q) => q, "VALUE", [op, remedy, "not a Tensor"]],
    ["a misspelt name", () => ({ label: [0, 1] }), "OPTION", [op, 'no option "label"', "labels, probabilities"]],
    [
      "a tensor for labels",
      (q) => ({ labels: q }),
      "VALUE",
      [`${op}: label data is a typed array, an array or a number on the host, not a Tensor`],
    ],
    ["null for labels", () => ({ labels: null }), "VALUE", [`${op}: label data`, "not null"]],
    [
      "a DataView for labels",
      () => ({ labels: new DataView(new ArrayBuffer(2)) }),
      "VALUE",
      [`${op}: label data`, "not a DataView"],
    ],
    [
      "an array for probabilities",
      () => ({
        probabilities: [
          [1, 0, 0],
          [0, 1, 0],
        ],
      }),
      "VALUE",
      [`${op}: expected a tensor, not an Array; make one with device.tensor(values)`],
    ],
    [
      "too few labels",
      () => ({ labels: [0] }),
      "SHAPE",
      [`${op}: labels [1] do not fit the batch [2] of the logits [2, 3]: one label a row`],
    ],
    [
      "one-hot labels",
      () => ({
        labels: [
          [1, 0, 0],
          [0, 1, 0],
        ],
      }),
      "SHAPE",
      [`${op}: labels [2, 3] do not fit the batch [2] of the logits [2, 3]`],
    ],
    [
      "flat one-hot labels",
      () => ({ labels: new Float32Array(6) }),
      "SHAPE",
      [`${op}: labels [6] do not fit the batch [2]`],
    ],
    ["ragged labels", () => ({ labels: [[0], [1, 2]] }), "SHAPE", [`${op}: ragged arrays`]],
  ])("%s", async (_, targets, code, words) => {
    const { device, z, q } = await problem();
    const { made } = device.memory();
    expectRefused(device, () => softmaxCrossEntropy(z, targets(q) as never), code, words);
    expect(device.memory().made).toBe(made);
  });

  it("probabilities of another shape, by both shapes", async () => {
    const { device, z } = await problem();
    const other = device.tensor(ones(3, 2));
    expectRefused(device, () => softmaxCrossEntropy(z, { probabilities: other }), "SHAPE", [
      `${op}: probabilities [3, 2] and logits [2, 3] must have one shape`,
    ]);
  });
});

describe("logits are refused:", () => {
  it.each<[string, number[], string]>([
    ["a scalar", [], `${op}: logits are a scalar []; they are [..., classes]`],
    ["no classes", [2, 0], `${op}: logits [2, 0] have no classes; the last axis is the class axis`],
  ])("%s", async (_, shape, message) => {
    const device = await openPlain();
    const z = device.tensor(zeros(...shape));
    const { made } = device.memory();
    expectRefused(device, () => softmaxCrossEntropy(z, { labels: [] }), "SHAPE", [message]);
    expectRefused(device, () => softmaxCrossEntropy(z, { probabilities: z }), "SHAPE", [message]);
    expect(device.memory().made).toBe(made);
  });

  it("numbers on the host", async () => {
    expect(refusal(() => softmaxCrossEntropy([[1, 2]] as never, { labels: [0] })).message).toBe(
      `${op}: expected a tensor, not an Array; make one with device.tensor(values)`,
    );
  });
});

describe("an option is refused:", () => {
  const known =
    "the options are reduction, denominator, labelSmoothing, classWeights, ignoreIndex, rowWeights, zLoss, temperature, softcap, focal, poly, axis";
  const weights = (what: string): string => `${op}: classWeights must be finite and ≥ 0, and class ${what}`;
  const smoothing = (what: string): string => `${op}: labelSmoothing is a number from 0 to 1, not ${what}`;
  const ignore = (what: string): string => `${op}: ignoreIndex is a whole number or an array of them, not ${what}`;
  it.each<[string, unknown, ErrorCode, string]>([
    ["an unknown one", { weights: [1, 1, 1] }, "OPTION", `${op}: there is no option "weights"; ${known}`],
    ["upstream, which is the gradient's", { upstream: 1 }, "OPTION", `${op}: there is no option "upstream"; ${known}`],
    ["null for options", null, "OPTION", `${op}: options are an object, not null`],
    ["a string for options", "mean", "OPTION", `${op}: options are an object, not string`],
    [
      "a misspelt reduction",
      { reduction: "avg" },
      "OPTION",
      `${op}: reduction is "mean", "sum" or "none", not the string "avg"`,
    ],
    ["null for a reduction", { reduction: null }, "OPTION", `${op}: reduction is "mean", "sum" or "none", not null`],
    ["smoothing as a string", { labelSmoothing: "0.1" }, "OPTION", smoothing('the string "0.1"')],
    ["NaN smoothing", { labelSmoothing: Number.NaN }, "OPTION", smoothing("the number NaN")],
    ["smoothing above 1", { labelSmoothing: 1.1 }, "OPTION", smoothing("the number 1.1")],
    ["negative smoothing", { labelSmoothing: -0.1 }, "OPTION", smoothing("the number -0.1")],
    ["null smoothing", { labelSmoothing: null }, "OPTION", smoothing("null")],
    ["negative weights", { classWeights: [1, -1, 1] }, "OPTION", weights("1 has -1")],
    ["NaN weights", { classWeights: [1, 1, Number.NaN] }, "OPTION", weights("2 has NaN")],
    ["infinite weights", { classWeights: [Infinity, 1, 1] }, "OPTION", weights("0 has Infinity")],
    [
      "too few weights",
      { classWeights: [1, 1] },
      "SHAPE",
      `${op}: classWeights [2] must be one weight for each of the 3 classes`,
    ],
    [
      "too many weights",
      { classWeights: new Float32Array(4) },
      "SHAPE",
      `${op}: classWeights [4] must be one weight for each of the 3 classes`,
    ],
    [
      "a number for weights",
      { classWeights: 1 },
      "SHAPE",
      `${op}: classWeights [] must be one weight for each of the 3 classes`,
    ],
    ["null for weights", { classWeights: null }, "VALUE", `${op}: classWeights: values are numbers`],
    ["null for weights of rows", { rowWeights: null }, "VALUE", `${op}: rowWeights: values are numbers`],
    ["NaN ignoreIndex", { ignoreIndex: Number.NaN }, "OPTION", ignore("the number NaN")],
    ["a fraction to ignore", { ignoreIndex: [0, 1.5] }, "OPTION", ignore("the number 1.5")],
    ["a string to ignore", { ignoreIndex: "0" }, "OPTION", ignore('the string "0"')],
    ["null to ignore", { ignoreIndex: null }, "OPTION", ignore("null")],
  ])("%s", async (_, options, code, message) => {
    const { device, z } = await problem();
    const { made } = device.memory();
    expectRefused(device, () => softmaxCrossEntropy(z, { labels: [0, 1] }, options as never), code, [message]);
    expect(device.memory().made).toBe(made);
  });

  it("class weights on a device, PyTorch's way, with what to do", async () => {
    const { device, z } = await problem();
    const options = { classWeights: device.tensor([1, 2, 3]) as never };
    const words = ["classWeights are host data here, and this is Tensor [3]; pass an array or await x.data()"];
    expectRefused(device, () => softmaxCrossEntropy(z, { labels: [0, 1] }, options), "VALUE", words);
  });

  it.each<[string, object, string[]]>([
    [
      "row weights too small for the device",
      { rowWeights: [1e-44, 1e-44] },
      ["rowWeights on this device are 0 or from 1.17", "row 0 has 1e-44", "scale them"],
    ],
    ["too large", { rowWeights: [1, -(2 ** 101)] }, ["in size, and row 1 has -2.5"]],
    [
      "products of weights too large for it",
      { rowWeights: [1, 2 ** 64], classWeights: [1, 2 ** 64, 1] },
      ["a row weight times a class weight", "row 1 has 18446744073709552000 · 18446744073709552000", "scale"],
    ],
    [
      "products too small",
      { rowWeights: [2 ** -100, 1], classWeights: [2 ** -100, 1, 1] },
      ["a row weight times a class weight", "row 0 has"],
    ],
    [
      "products with the weight of another class, smoothed",
      { rowWeights: [2 ** 64, 1], classWeights: [1, 1, 2 ** 64], labelSmoothing: 0.1 },
      ["a row weight times a class weight", "row 0 has"],
    ],
    ["a denominator too small", { denominator: 1e-45 }, ["what a mean divides by", "not 1e-45; scale"]],
    ["a denominator too large", { denominator: 1e38 }, ["what a mean divides by", "not 1e+38; scale"]],
  ])("%s, in float32", async (_, options, words) => {
    const device = await openPlain("f32");
    const z = device.tensor(zeros(2, 3));
    expectRefused(device, () => softmaxCrossEntropy(z, { labels: [0, 1] }, options), "OPTION", [op, ...words]);
  });

  it("but weights that never meet may be far apart, and the least of them have a mean", async () => {
    const device = await openPlain("f32");
    const z = device.tensor(zeros(2, 3));
    const apart = { rowWeights: [2 ** 64, 2 ** -64], classWeights: [2 ** -64, 2 ** 64, 2 ** 100] };
    await expectClose(softmaxCrossEntropy(z, { labels: [0, 1] }, apart), [Math.log(3)], 1e-6);
    const least = { rowWeights: [2 ** -126, 2 ** -126] };
    await expectClose(softmaxCrossEntropy(z, { labels: [0, 1] }, least), [Math.log(3)], 1e-6);
    const most = { rowWeights: [2 ** 100, 0] };
    await expectClose(softmaxCrossEntropy(z, { labels: [0, 1] }, most), [Math.log(3)], 1e-6);
  });

  it("ignoreIndex beside probabilities", async () => {
    const { device, z, q } = await problem();
    expectRefused(device, () => softmaxCrossEntropy(z, { probabilities: q }, { ignoreIndex: 0 }), "OPTION", [
      `${op}: ignoreIndex cannot go with probabilities: it names labels; give rows weight 0 instead`,
    ]);
  });

  it("one that comes from a prototype, by its name", async () => {
    const { device, z } = await problem();
    const inherited = Object.create({ labelSmoothing: 0.5 }) as object;
    expectRefused(device, () => softmaxCrossEntropy(z, { labels: [0, 1] }, inherited), "OPTION", [
      op,
      "labelSmoothing",
    ]);
    Object.defineProperty(Object.prototype, "reduction", {
      value: "sum",
      configurable: true,
      enumerable: true,
      writable: true,
    });
    try {
      expectRefused(device, () => softmaxCrossEntropy(z, { labels: [0, 1] }, {}), "OPTION", [op, "reduction"]);
    } finally {
      Reflect.deleteProperty(Object.prototype, "reduction");
    }
  });
});

describe("upstream is refused:", () => {
  it.each<[string, unknown, "mean" | "none", ErrorCode, string]>([
    ["a row each for a scalar loss", "rows", "mean", "SHAPE", 'upstream [2] must be [] for reduction "mean"'],
    ["a scalar for rows", "scalar", "none", "SHAPE", 'upstream [] must be [2] for reduction "none"'],
    ["an array", [1, 1], "none", "OPTION", "upstream is a number or a tensor, not an Array"],
    ["null", null, "mean", "OPTION", "upstream is a number or a tensor, not null"],
  ])("%s", async (_, upstream, reduction, code, message) => {
    const { device, z } = await problem();
    const tensors: Record<string, Tensor> = { rows: device.tensor([1, 1]), scalar: device.tensor(1) };
    const given = typeof upstream === "string" ? tensors[upstream] : upstream;
    const { made } = device.memory();
    const call = (): unknown =>
      softmaxCrossEntropyGradient(z, { labels: [0, 1] }, { reduction, upstream: given as never });
    expectRefused(device, call, code, [`softmaxCrossEntropyGradient: ${message}`]);
    expect(device.memory().made).toBe(made);
  });
});
