/** What the parts of a loss refuse: states, their merging, terms and diagnostics, before anything is computed. */
import { describe, expect, it } from "vitest";
import { openPlain, refusal } from "../../testing/claims.ts";
import {
  crossEntropyTerms,
  type Device,
  type ErrorCode,
  linearCrossEntropy,
  lossFromRowStates,
  mergeRowStates,
  rowStates,
  softmaxCrossEntropy,
  type Tensor,
  zeros,
} from "../index.ts";

type Refused = [what: string, call: (device: Device, z: Tensor) => unknown, code: ErrorCode, words: string[]];

function expectRefusal(call: () => unknown, code: ErrorCode, words: readonly string[]): void {
  const error = refusal(call);
  expect(error.code, error.message).toBe(code);
  for (const word of words) expect(error.message).toContain(word);
}

const labels = [0, 2];
const terms = (options: object) => (_: Device, z: Tensor) => crossEntropyTerms(z, { labels }, options as never);
const states = (options: object) => (_: Device, z: Tensor) => rowStates(z, options as never);
const loss = (options: object) => (_: Device, z: Tensor) => softmaxCrossEntropy(z, { labels }, options as never);

const offset = (found: unknown): string =>
  `rowStates: classOffset is a whole number ≥ 0, and with 3 classes at most 2^24 in all, not the number ${found}`;
const known = "true or a list of correct, topK, logSumExp, entropy, margin, nonFinite, not";

it.each<Refused>([
  ["states of classes before the first", states({ classOffset: -1 }), "OPTION", [offset(-1)]],
  ["states of half a class further", states({ classOffset: 0.5 }), "OPTION", [offset(0.5)]],
  ["states of classes beyond 2^24", states({ classOffset: 2 ** 24 - 2 }), "OPTION", [offset(2 ** 24 - 2)]],
  [
    "states under a temperature on the device",
    (device, z) => rowStates(z, { temperature: device.tensor(2) } as never),
    "OPTION",
    ["rowStates: temperature is a number here, not a tensor"],
  ],
  [
    "states of no classes",
    (device) => rowStates(device.tensor(zeros(2, 0))),
    "SHAPE",
    ["rowStates: logits [2, 0] have no classes on axis 1"],
  ],
  ["an option that states have not", states({ focal: 1 }), "OPTION", ['rowStates: there is no option "focal"']],
  [
    "a loss of states that are no triples",
    (device, z) => lossFromRowStates(z, device.tensor(zeros(3))),
    "SHAPE",
    ["lossFromRowStates: states [2, 3] and label logits [3]: they are [..., 3] and [...]"],
  ],
  [
    "a loss of states of two numbers",
    (device) => lossFromRowStates(device.tensor(zeros(2, 2)), device.tensor(zeros(2))),
    "SHAPE",
    ["states [2, 2] and label logits [2]"],
  ],
  [
    "a loss of fewer states than label logits, on the host",
    () => lossFromRowStates([0, 0, 0], [1, 2]),
    "SHAPE",
    ["lossFromRowStates: 3 numbers of states and 2 logits: 3 and 1 a row"],
  ],
  [
    "an option that a loss of states has not",
    () => lossFromRowStates([0, 0, 0], [1], { reduction: "sum" } as never),
    "OPTION",
    ['lossFromRowStates: there is no option "reduction"'],
  ],
  [
    "states of two shapes",
    (device, z) => mergeRowStates(z, device.tensor(zeros(1, 3))),
    "SHAPE",
    ["mergeRowStates: [2, 3] and [1, 3] must be one shape, [..., 3]"],
  ],
  [
    "states of one shape that are no triples",
    (device) => mergeRowStates(device.tensor(zeros(3, 2)), device.tensor(zeros(3, 2))),
    "SHAPE",
    ["mergeRowStates: [3, 2] and [3, 2] must be one shape"],
  ],
  [
    "one state on the device and one on the host",
    (_, z) => mergeRowStates(z, [0, 0, 0] as never),
    "VALUE",
    ["mergeRowStates: one state is a tensor and the other is on the host"],
  ],
  [
    "one state on the host and one on the device",
    (_, z) => mergeRowStates([0, 0, 0] as never, z),
    "VALUE",
    ["mergeRowStates: one state is a tensor and the other is on the host"],
  ],
  [
    "states on the host of two lengths",
    () => mergeRowStates([0, 0, 0], [0, 0, 0, 0, 0, 0]),
    "SHAPE",
    ["mergeRowStates: 3 and 6 numbers must be as many, three a row"],
  ],
  [
    "states on the host that are no triples",
    () => mergeRowStates([0, 0], [0, 0]),
    "SHAPE",
    ["mergeRowStates: 2 and 2 numbers must be as many, three a row"],
  ],
  [
    "terms with a number as denominator",
    terms({ denominator: 2 }),
    "OPTION",
    ["crossEntropyTerms: a number as denominator does not add up; divide the sums by it"],
  ],
  [
    "terms with a reduction",
    terms({ reduction: "sum" }),
    "OPTION",
    ['crossEntropyTerms: there is no option "reduction"'],
  ],
  ["an unknown diagnostic", terms({ diagnostics: ["correct", "best"] }), "OPTION", [known, '"best"']],
  ["diagnostics that are no list", terms({ diagnostics: "correct" }), "OPTION", [known, '"correct"']],
  [
    "diagnostics that are a number",
    terms({ diagnostics: 1 }),
    "OPTION",
    [`crossEntropyTerms: diagnostics is ${known} the number 1`],
  ],
  [
    "a top-k of none",
    terms({ topK: 0 }),
    "OPTION",
    ["crossEntropyTerms: topK is a whole number above 0, not the number 0"],
  ],
  ["a top-k of half", terms({ topK: 1.5 }), "OPTION", ["topK is a whole number above 0, not the number 1.5"]],
  ["a top-k of no number", terms({ topK: "5" }), "OPTION", ["topK is a whole number above 0, not"]],
])("refuses %s", async (_, call, code, words) => {
  const device = await openPlain();
  const z = device.tensor(zeros(2, 3));
  expectRefusal(() => call(device, z), code, words);
});

it("refuses the gradient of a loss of states", async () => {
  const device = await openPlain();
  const [state, logits] = [device.parameter(zeros(2, 3)), device.parameter(zeros(2))];
  const differentiated = (f: (state: Tensor, logits: Tensor) => Tensor) => () => {
    const step = device.scope();
    try {
      return step.valueAndGrad((p: { state: Tensor; logits: Tensor }) => f(p.state, p.logits), { state, logits });
    } finally {
      step.dispose();
    }
  };
  const error = refusal(differentiated((s, z) => lossFromRowStates(s, z)));
  expect(error.code).toBe("GRADIENT");
  expect(error.message).toContain("lossFromRowStates: states of chunks have no gradient; differentiate softmaxCross");
});

const weightless = 'denominator is "weights", "rows", "batch" or a finite number ≥ 0, not';
describe("the loss refuses", () => {
  it.each<Refused>([
    ["a denominator below 0", loss({ denominator: -1 }), "OPTION", [weightless, "-1"]],
    ["an infinite denominator", loss({ denominator: Infinity }), "OPTION", [weightless, "Infinity"]],
    ["a denominator that is NaN", loss({ denominator: Number.NaN }), "OPTION", [weightless, "NaN"]],
    ["a denominator that is a numeral", loss({ denominator: "2" }), "OPTION", [weightless]],
    [
      "row weights of another length",
      loss({ rowWeights: [1, 1, 1] }),
      "SHAPE",
      ["softmaxCrossEntropy: rowWeights [3] do not fit the batch [2]: one weight a row"],
    ],
    [
      "row weights of as many numbers in another shape",
      (device, z) => softmaxCrossEntropy(z, { labels }, { rowWeights: device.tensor(zeros(2, 1)) }),
      "SHAPE",
      ["rowWeights [2, 1] do not fit the batch [2]"],
    ],
    [
      "row weights of the device of another length",
      (device, z) => softmaxCrossEntropy(z, { labels }, { rowWeights: device.tensor(zeros(3)) }),
      "SHAPE",
      ["rowWeights [3] do not fit the batch [2]"],
    ],
    ["a z-loss below 0", loss({ zLoss: -1 }), "OPTION", ["zLoss is a number from 0 to 2^100, not the number -1"]],
    [
      "a z-loss that is NaN",
      loss({ zLoss: Number.NaN }),
      "OPTION",
      ["zLoss is a number from 0 to 2^100, not the number NaN"],
    ],
    ["a z-loss that is a numeral", loss({ zLoss: "1" }), "OPTION", ["zLoss is a number from 0"]],
    ["a focal term beyond 2^100", loss({ focal: 2 ** 101 }), "OPTION", ["focal is a number from 0 to 2^100"]],
    [
      "a poly term below −1",
      loss({ poly: -1.5 }),
      "OPTION",
      ["poly is a number from -1 to 2^100, not the number -1.5"],
    ],
    [
      "a temperature of 0",
      loss({ temperature: 0 }),
      "OPTION",
      ["temperature is a number above 0, from 2^-100 to 2^100"],
    ],
    ["a temperature beyond 2^100", loss({ temperature: 2 ** 101 }), "OPTION", ["temperature is a number above 0"]],
    ["a cap below 0", loss({ softcap: -1 }), "OPTION", ["softcap is a number above 0", "leave it out for none"]],
    ["a cap that is a numeral", loss({ softcap: "30" }), "OPTION", ["softcap is a number above 0"]],
    [
      "a temperature of several numbers",
      (device, z) => softmaxCrossEntropy(z, { labels }, { temperature: device.tensor([1, 2]) }),
      "SHAPE",
      ["a temperature on the device is a scalar [], not [2]; divide the logits by it instead"],
    ],
  ])("%s", async (_, call, code, words) => {
    const device = await openPlain();
    const z = device.tensor(zeros(2, 3));
    expectRefusal(() => call(device, z), code, words);
  });

  it.each<Refused>([
    [
      "no classes on an axis, which it names",
      (device) => softmaxCrossEntropy(device.tensor(zeros(2, 0, 3)), { labels }, { axis: 1 }),
      "SHAPE",
      ["logits [2, 0, 3] have no classes; axis 1 is the class axis"],
    ],
    [
      "more classes than an index in float32 can name",
      (device) =>
        softmaxCrossEntropy(device.tensor({ data: new Float64Array(0), shape: [0, 2 ** 24 + 1] }), { labels: [] }),
      "SHAPE",
      [`logits [0, ${2 ** 24 + 1}] have more than 2^24 classes`],
    ],
    ["an axis that is a numeral", loss({ axis: "1" }), "OPTION", ["axis is a whole number, not"]],
    [
      "class weights of two axes",
      loss({ classWeights: [[1, 1, 1]] }),
      "SHAPE",
      ["classWeights [1, 3] must be one weight for each of the 3 classes"],
    ],
    [
      "class weights whose products the device cannot hold",
      loss({ classWeights: [1, 2 ** 1001, 1] }),
      "OPTION",
      ["classWeights on this device are 0 or from", `and one is ${2 ** 1001}; scale them all, the mean stays the same`],
    ],
    [
      "as many labels in another shape",
      (_, z) => softmaxCrossEntropy(z, { labels: [[0, 2]] }),
      "SHAPE",
      ["labels [1, 2] do not fit the batch [2] of the logits [2, 3]"],
    ],
  ])("%s", async (_, call, code, words) => {
    const device = await openPlain();
    const z = device.tensor(zeros(2, 3));
    expectRefusal(() => call(device, z), code, words);
  });

  it("a temperature of another device", async () => {
    const [device, other] = [await openPlain(), await openPlain()];
    const z = device.tensor(zeros(2, 3));
    expect(refusal(() => softmaxCrossEntropy(z, { labels }, { temperature: other.tensor(2) })).message).toContain(
      "device",
    );
  });

  it("takes 2^24 classes, and weights of the batch's own shape", async () => {
    const device = await openPlain();
    const none = device.tensor({ data: new Float64Array(0), shape: [0, 2 ** 24] });
    expect(await softmaxCrossEntropy(none, { labels: [] }).item()).toBe(0);
    const cube = device.tensor(zeros(2, 1, 3));
    const weighted = softmaxCrossEntropy(cube, { labels }, { rowWeights: [[1], [3]], reduction: "sum" });
    expect(await weighted.item()).toBeCloseTo(4 * Math.log(3), 14);
  });

  it("takes the largest and the least of its terms", async () => {
    const device = await openPlain();
    const z = device.tensor(zeros(2, 3));
    for (const options of [{ temperature: 2 ** 100 }, { softcap: 2 ** -100 }, { zLoss: 2 ** 100 }, { poly: -1 }]) {
      expect(Number.isFinite(await softmaxCrossEntropy(z, { labels }, options).item())).toBe(true);
    }
  });
});

describe("options that cannot go together are refused with the reason and the remedy:", () => {
  const op = "softmaxCrossEntropy";
  const probable = (options: object) => (_: Device, z: Tensor) =>
    softmaxCrossEntropy(z, { probabilities: z }, options as never);
  const label = "its 1 − p_y is that of one label";
  it.each<[call: (device: Device, z: Tensor) => unknown, message: string]>([
    [
      loss({ focal: 1, labelSmoothing: 0.1 }),
      `${op}: focal cannot go with labelSmoothing: ${label}; leave labelSmoothing out`,
    ],
    [
      loss({ poly: 1, labelSmoothing: 0.1 }),
      `${op}: poly cannot go with labelSmoothing: ${label}; leave labelSmoothing out`,
    ],
    [probable({ focal: 1 }), `${op}: focal cannot go with probabilities: ${label}; pass { labels }`],
    [probable({ poly: 1 }), `${op}: poly cannot go with probabilities: ${label}; pass { labels }`],
    [
      probable({ ignoreIndex: 0 }),
      `${op}: ignoreIndex cannot go with probabilities: it names labels; give rows weight 0 instead`,
    ],
    [
      loss({ denominator: "rows", reduction: "sum" }),
      `${op}: denominator cannot go with reduction "sum": only a mean divides; leave it out, or reduce by mean`,
    ],
    [
      loss({ denominator: 3, reduction: "none" }),
      `${op}: denominator cannot go with reduction "none": only a mean divides; leave it out, or reduce by mean`,
    ],
  ])("%#", async (call, message) => {
    const device = await openPlain();
    const z = device.tensor(zeros(2, 3));
    expectRefusal(() => call(device, z), "OPTION", [message]);
  });

  it("neutral values go with everything", async () => {
    const device = await openPlain();
    const z = device.tensor(zeros(2, 3));
    const neutral = { focal: 0, poly: 0, zLoss: 0, temperature: 1 };
    const value = softmaxCrossEntropy(
      z,
      {
        probabilities: device.tensor([
          [1, 0, 0],
          [0, 1, 0],
        ]),
      },
      neutral,
    );
    expect(await value.item()).toBeCloseTo(Math.log(3), 14);
    expect(await softmaxCrossEntropy(z, { labels }, { ...neutral, labelSmoothing: 0.1 }).item()).toBeCloseTo(
      Math.log(3),
      14,
    );
  });
});

describe("states of batches of several axes", () => {
  it("are counted, merged and read row by row", async () => {
    const device = await openPlain();
    const z = device.tensor([[[1, 5, 2]], [[4, 0, 3]]]);
    const state = rowStates(z, { classOffset: 7 });
    expect(state.shape).toEqual([2, 1, 3]);
    const flat = rowStates(
      device.tensor([
        [1, 5, 2],
        [4, 0, 3],
      ]),
      { classOffset: 7 },
    );
    expect(await state.data()).toEqual(await flat.data());
    const other = rowStates(device.tensor([[[6]], [[4]]]));
    const merged = mergeRowStates(state, other);
    expect(merged.shape).toEqual([2, 1, 3]);
    const [m, k] = [await merged.data(), await mergeRowStates(await state.data(), await other.data())];
    expect([...m]).toEqual([...k]);
    expect([m[1], m[4]]).toEqual([0, 0]);
    const losses = lossFromRowStates(state, device.tensor([[5], [3]]));
    expect(losses.shape).toEqual([2, 1]);
  });

  it.each<Refused>([
    [
      "triples on another axis",
      (device) => mergeRowStates(device.tensor(zeros(1, 3, 4)), device.tensor(zeros(1, 3, 4))),
      "SHAPE",
      ["mergeRowStates: [1, 3, 4] and [1, 3, 4] must be one shape, [..., 3]"],
    ],
    [
      "a loss of triples on another axis",
      (device) => lossFromRowStates(device.tensor(zeros(1, 3, 2)), device.tensor(zeros(1, 3))),
      "SHAPE",
      ["states [1, 3, 2] and label logits [1, 3]"],
    ],
    [
      "a loss of states on the device and logits on the host",
      (_, z) => lossFromRowStates(z, [0, 0] as never),
      "VALUE",
      ["lossFromRowStates"],
    ],
  ])("refuses %s", async (_, call, code, words) => {
    const device = await openPlain();
    const z = device.tensor(zeros(2, 3));
    expectRefusal(() => call(device, z), code, words);
  });

  it("may stand for the last classes of 2^24", async () => {
    const device = await openPlain();
    const state = rowStates(device.tensor([[0, 1, 0]]), { classOffset: 2 ** 24 - 3 });
    expect((await state.data())[1]).toBe(2 ** 24 - 2);
  });
});

describe("diagnostics", () => {
  it("are none where they are not wanted", async () => {
    const device = await openPlain();
    const { diagnostics } = crossEntropyTerms(device.tensor(zeros(2, 3)), { labels }, { diagnostics: false });
    expect(Object.values(diagnostics).filter((one) => one !== undefined)).toEqual([]);
  });

  it.each([
    ["topK", 2],
    ["entropy", [Math.log(3), Math.log(3)]],
    ["margin", [0, 0]],
    ["correct", 1],
    ["logSumExp", [Math.log(3), Math.log(3)]],
  ] as const)("are told one by one: %s", async (name, expected) => {
    const device = await openPlain();
    const z = device.tensor(zeros(2, 3));
    const { diagnostics } = crossEntropyTerms(z, { labels }, { diagnostics: [name] });
    expect(Object.entries(diagnostics).flatMap(([key, value]) => (value ? [key] : []))).toEqual([name]);
    const found = [...(await diagnostics[name]!.data())];
    for (const [i, value] of [expected].flat().entries()) expect(found[i]).toBeCloseTo(value, 14);
  });
});

describe("the loss of a linear layer refuses", () => {
  const layer =
    (options: object, ...shapes: number[][]) =>
    (device: Device) => {
      const [x = [2, 4], w = [4, 3], b] = shapes;
      const bias = b && device.tensor(zeros(...b));
      return linearCrossEntropy(
        device.tensor(zeros(...x)),
        device.tensor(zeros(...w)),
        bias,
        { labels },
        options as never,
      );
    };
  const op = "linearCrossEntropy";
  it.each<Refused>([
    ["a transposition that is a word", layer({ transposeW: "yes" }), "OPTION", [`${op}: transposeW is true or false`]],
    ["no bytes", layer({ maxBytes: 0 }), "OPTION", [`${op}: maxBytes is a number of bytes above 0, not the number 0`]],
    ["bytes below 0", layer({ maxBytes: -1 }), "OPTION", ["maxBytes is a number of bytes above 0, not the number -1"]],
    ["bytes that are a numeral", layer({ maxBytes: "8" }), "OPTION", ["maxBytes is a number of bytes above 0"]],
    [
      "rows that the layer does not take",
      layer({}, [2, 5], [4, 3]),
      "SHAPE",
      [`${op}: x [2, 5] · w [4, 3] do not fit; x is [..., inputs], w [inputs, classes], b [classes]`],
    ],
    [
      "weights the other way round",
      layer({ transposeW: true }, [2, 4], [4, 3], [3]),
      "SHAPE",
      ["x [2, 4] · w [4, 3] + b [3] do not fit; x is [..., inputs], w [classes, inputs] (transposeW), b [classes]"],
    ],
    ["weights of three axes", layer({}, [2, 4], [4, 3, 1]), "SHAPE", ["x [2, 4] · w [4, 3, 1] do not fit"]],
    ["a scalar row", layer({}, [], [4, 3]), "SHAPE", ["x [] · w [4, 3] do not fit"]],
    ["a bias of two axes", layer({}, [2, 4], [4, 3], [1, 3]), "SHAPE", ["+ b [1, 3] do not fit"]],
    ["a bias of another length", layer({}, [2, 4], [4, 3], [2]), "SHAPE", ["+ b [2] do not fit"]],
    [
      "an axis",
      layer({ axis: 0 }),
      "OPTION",
      [`${op}: axis cannot go with a linear layer: the classes of a linear layer are its last axis`],
    ],
  ])("%s", async (_, call, code, words) => {
    const device = await openPlain();
    expectRefusal(() => call(device, device.tensor(0)), code, words);
  });
});
