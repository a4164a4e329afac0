/** Functions under other systems' names. Golden values were measured on TensorFlow 2.21, Keras 3.15 and PyTorch 2.13. */
import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, numbers, openPlain } from "../../testing/claims.ts";
import {
  categoricalCrossentropy,
  crossEntropy,
  nllLoss,
  softmaxCrossEntropy,
  softmaxCrossEntropyWithLogits,
  sparseCategoricalCrossentropy,
  sparseSoftmaxCrossEntropyWithLogits,
} from "../compat.ts";
import {
  assign,
  type Device,
  type ErrorCode,
  exp,
  logSoftmax,
  mean,
  softmaxCrossEntropy as native,
  reshape,
  softmax,
  sum,
  type Tensor,
} from "../index.ts";

const TWO = [
  [1, 2, 3],
  [1, 2, 3],
];
const ONE_HOT = [
  [1, 0, 0],
  [0, 0, 1],
];
const SOFT = [
  [0.2, 0.3, 0.5],
  [0.6, 0.1, 0.3],
];
const LOSSES = [2.40760596444438, 0.4076059644443803];

describe("TensorFlow's names give one loss a row,", () => {
  it("from one-hot rows on host or device, and from class indices", async () => {
    const device = await openPlain();
    const logits = device.tensor(TWO);
    await expectClose(softmaxCrossEntropyWithLogits({ labels: ONE_HOT, logits }), LOSSES);
    await expectClose(softmaxCrossEntropyWithLogits({ labels: device.tensor(ONE_HOT), logits }), LOSSES);
    await expectClose(sparseSoftmaxCrossEntropyWithLogits({ labels: [0, 2], logits }), LOSSES);
    await expectClose(sparseSoftmaxCrossEntropyWithLogits({ labels: 2, logits: device.tensor([1, 2, 3]) }), [
      LOSSES[1]!,
    ]);
  });

  it("along any axis", async () => {
    const device = await openPlain();
    const logits = device.tensor([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    await expectClose(
      softmaxCrossEntropyWithLogits({
        labels: [
          [1, 0],
          [0, 0],
          [0, 1],
        ],
        logits,
        axis: 0,
      }),
      LOSSES,
    );
  });

  it("with the gradient p − q of TensorFlow, into both", async () => {
    const device = await openPlain();
    const [z, q] = [device.tensor([[1, 2, 3]]), device.tensor([[1, 1, 0]])];
    const { gradients } = device
      .scope()
      .valueAndGrad(({ logits, labels }) => mean(softmaxCrossEntropyWithLogits({ logits, labels })), {
        logits: z,
        labels: q,
      });
    await expectClose(gradients.logits, [-0.9099694268296196, -0.7552715289452023, 0.6652409557748218], 1e-12);
    await expectClose(gradients.labels, [2.40760596444438, 1.40760596444438, 0.4076059644443803]);
  });
});

describe("S4TF's softmaxCrossEntropy", () => {
  it("is a mean, or what its reduction makes of the rows", async () => {
    const device = await openPlain();
    const logits = device.tensor(TWO);
    const average = (LOSSES[0]! + LOSSES[1]!) / 2;
    await expectClose(softmaxCrossEntropy({ logits, labels: [0, 2] }), [average]);
    await expectClose(softmaxCrossEntropy({ logits, probabilities: ONE_HOT }), [average]);
    await expectClose(softmaxCrossEntropy({ logits, labels: [0, 2], reduction: sum }), [average * 2]);
    await expectClose(softmaxCrossEntropy({ logits, labels: [0, 2], reduction: (rows) => rows }), LOSSES);
    const loss = (z: Tensor): Tensor => softmaxCrossEntropy({ logits: z, labels: [0, 2], reduction: sum });
    const expected = (z: Tensor): Tensor => native(z, { labels: [0, 2] }, { reduction: "sum" });
    await expectClose(device.scope().grad(loss, logits), await numbers(device.scope().grad(expected, logits)));
  });
});

describe("PyTorch's crossEntropy", () => {
  it("divides weighted class indices by Σ w_y and weighted probabilities by N: 0.8076 and 2.019, measured", async () => {
    const device = await openPlain();
    const [input, weight] = [device.tensor(TWO), [1, 2, 4]];
    expect(await crossEntropy(input, [0, 2], { weight }).item()).toBeCloseTo(0.807606, 6);
    expect(await crossEntropy(input, ONE_HOT, { weight }).item()).toBeCloseTo(2.019015, 6);
    expect(await crossEntropy(input, device.tensor(ONE_HOT), { weight }).item()).toBeCloseTo(2.019015, 6);
  });

  it("skips −100, and has NaN for the mean of nothing", async () => {
    const device = await openPlain();
    const input = device.tensor(TWO);
    await expectClose(crossEntropy(input, [-100, 2], { reduction: "none" }), [0, LOSSES[1]!]);
    expect(await crossEntropy(input, Int32Array.of(-100, -100)).item()).toBe(Number.NaN);
  });

  it("has its classes on axis 1 of (N, C, d1), and on the only axis of (C)", async () => {
    const device = await openPlain();
    const input = device.tensor([
      [
        [1, 3],
        [2, 2],
        [3, 1],
      ],
    ]);
    const found = await crossEntropy(input, [[0, 0]], { reduction: "none" }).array();
    expect(found).toEqual([[expect.closeTo(2.407606, 6), expect.closeTo(0.407606, 6)]]);
    await expectClose(crossEntropy(device.tensor([1, 2, 3]), 2), [LOSSES[1]!]);
    await expectClose(crossEntropy(device.tensor([1, 2, 3]), [0, 0, 1]), [LOSSES[1]!]);
  });
});

describe("nllLoss", () => {
  it.each(["mean", "sum", "none"] as const)(
    "after logSoftmax is crossEntropy, with weights and −100, reduced by %s",
    async (reduction) => {
      const device = await openPlain();
      const x = device.tensor([...TWO, [3, 0, 1]]);
      const options = { weight: [1, 2, 4], reduction };
      const target = [0, 2, -100];
      const expected = await numbers(crossEntropy(x, target, options));
      await expectClose(nllLoss(logSoftmax(x, 1), target, options), expected);
      // A copy is log-probabilities that nobody knows the logits of.
      await expectClose(nllLoss(reshape(logSoftmax(x, 1), [3, 3]), target, options), expected, 1e-13);
      const loss =
        (f: (z: Tensor) => Tensor) =>
        (z: Tensor): Tensor =>
          sum(f(z));
      const slopes = await numbers(
        device.scope().grad(
          loss((z) => crossEntropy(z, target, options)),
          x,
        ),
      );
      for (const between of [(y: Tensor): Tensor => y, (y: Tensor): Tensor => reshape(y, [3, 3])]) {
        const gradient = device.scope().grad(
          loss((z) => nllLoss(between(logSoftmax(z, 1)), target, options)),
          x,
        );
        await expectClose(gradient, slopes, 1e-13);
      }
    },
  );

  it("keeps a margin of 50, and its gradient, in float32", async () => {
    const device = await openPlain("f32");
    const x = device.tensor([[50, 0, 0]]);
    for (const between of [(y: Tensor): Tensor => y, (y: Tensor): Tensor => reshape(y, [1, 3])]) {
      const { value, gradients } = device.scope().valueAndGrad((z) => nllLoss(between(logSoftmax(z, 1)), [0]), x);
      await expectClose(value, [3.8574996959278356e-22], 1e-6);
      expect((await numbers(gradients))[0]! / -3.8574996959278356e-22).toBeCloseTo(1, 6);
    }
  });

  it("takes any numbers as log-probabilities: −x_y, gradient −1 there and 0 elsewhere", async () => {
    const device = await openPlain();
    const { value, gradients } = device.scope().valueAndGrad(
      (x) => nllLoss(x, [0, -100]),
      device.tensor([
        [-7, 1, Number.NEGATIVE_INFINITY],
        [Number.NaN, 0, 0],
      ]),
    );
    expect(await value.item()).toBe(7);
    expect(await numbers(gradients)).toEqual([-1, 0, 0, 0, 0, 0]);
    expect(await nllLoss(device.tensor([[0, 0]]), [-100]).item()).toBe(Number.NaN);
  });

  it("has its classes on axis 1", async () => {
    const device = await openPlain();
    const x = device.tensor([
      [
        [1, 3],
        [2, 2],
        [3, 1],
      ],
    ]);
    const expected = await numbers(crossEntropy(x, [[0, 2]]));
    await expectClose(nllLoss(logSoftmax(x, 1), [[0, 2]]), expected);
    await expectClose(nllLoss(reshape(logSoftmax(x, 1), [1, 3, 2]), [[0, 2]]), expected, 1e-13);
  });
});

describe("Keras' crossentropies give one loss a row,", () => {
  it("from logits, with smoothing, ignored classes and columns of indices", async () => {
    const device = await openPlain();
    const logits = device.tensor(TWO);
    const fromLogits = true;
    await expectClose(sparseCategoricalCrossentropy([0, 2], logits, { fromLogits }), LOSSES);
    await expectClose(sparseCategoricalCrossentropy([[0], [2]], logits, { fromLogits }), LOSSES);
    await expectClose(categoricalCrossentropy(ONE_HOT, logits, { fromLogits }), LOSSES);
    const smooth = await numbers(categoricalCrossentropy(ONE_HOT, logits, { fromLogits, labelSmoothing: 0.1 }));
    expect(smooth).toEqual([expect.closeTo(2.307606, 6), expect.closeTo(0.507606, 6)]);
    await expectClose(sparseCategoricalCrossentropy([-1, 2], logits, { fromLogits, ignoreClass: -1 }), [0, LOSSES[1]!]);
  });

  it("from the output of softmax exactly, where Keras clips at 16.1", async () => {
    const device = await openPlain("f32");
    const x = device.tensor([
      [500, -500, 0],
      [50, 0, 0],
    ]);
    const { value, gradients } = device
      .scope()
      .valueAndGrad((z) => sum(sparseCategoricalCrossentropy([1, 0], softmax(z))), x);
    expect(await value.item()).toBe(1000);
    const [a, b, c, d] = await numbers(gradients);
    expect([a, b, c]).toEqual([1, -1, 0]);
    expect(d! / -3.8575e-22).toBeCloseTo(1, 4);
    await expectClose(
      categoricalCrossentropy(
        [
          [0, 1, 0],
          [1, 0, 0],
        ],
        softmax(x),
      ),
      [1000, 3.8574996959278356e-22],
      1e-6,
    );
  });

  it("as in Keras' documentation: [0.0513, 2.303]", async () => {
    const device = await openPlain("f32");
    const yPred = device.tensor([
      [0.05, 0.95, 0],
      [0.1, 0.8, 0.1],
    ]);
    const documented = [expect.closeTo(-Math.log(0.95), 4), expect.closeTo(-Math.log(0.1), 3)];
    expect(await numbers(sparseCategoricalCrossentropy([1, 2], yPred))).toEqual(documented);
    const yTrue = [
      [0, 1, 0],
      [0, 0, 1],
    ];
    expect(await numbers(categoricalCrossentropy(yTrue, yPred))).toEqual(documented);
  });

  it("from other probabilities by the formula, normalised as in Keras", async () => {
    const device = await openPlain();
    const logits = device.tensor(TWO);
    const copied = (z: Tensor): Tensor => reshape(softmax(z), [2, 3]);
    await expectClose(sparseCategoricalCrossentropy([0, 2], copied(logits)), LOSSES, 1e-13);
    await expectClose(categoricalCrossentropy(ONE_HOT, exp(logits)), LOSSES, 1e-13);
    const options = { labelSmoothing: 0.1 };
    const soft = device.tensor(SOFT);
    for (const f of [
      (p: Tensor): Tensor => sum(sparseCategoricalCrossentropy([0, -1], p, { ignoreClass: -1 })),
      (p: Tensor): Tensor => sum(categoricalCrossentropy(soft, p, options)),
    ]) {
      const expected = await numbers(device.scope().grad((z) => f(softmax(z)), logits));
      await expectClose(
        device.scope().grad((z) => f(copied(z)), logits),
        expected,
        1e-12,
      );
    }
  });

  it("with no NaN where a class has probability 0, and nothing clipped", async () => {
    const device = await openPlain();
    const p = device.tensor([
      [1, 0, 0],
      [0, 0.5, 0.5],
      [Number.NaN, 0, 1],
    ]);
    const rows = sparseCategoricalCrossentropy([0, 0, -1], p, { ignoreClass: -1 });
    expect(await numbers(rows)).toEqual([0, Number.POSITIVE_INFINITY, 0]);
    const q = device.tensor([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const clean = device.tensor([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const gradient = device.scope().grad((x) => sum(categoricalCrossentropy(q, x)), clean);
    expect(await numbers(gradient)).toEqual([0, 1, 1, 1, 0, 1, 1, 1, 0]);
  });

  it("and start from the logits only while they are what the softmax was taken of", async () => {
    const device = await openPlain("f32");
    const w = device.parameter([[0, 0]]);
    const p = softmax(w);
    assign(w, device.tensor([[100, 0]]));
    await expectClose(sparseCategoricalCrossentropy([0], p), [Math.LN2], 1e-7);
    const z = device.tensor([[0, 0]]);
    const gone = softmax(z);
    z.dispose();
    await expectClose(sparseCategoricalCrossentropy([0], gone), [Math.LN2], 1e-7);
  });
});

describe("a mix-up is refused, naming what to do:", () => {
  type Call = (z: Tensor, device: Device) => unknown;
  it.each<[string, Call, ErrorCode, string[]]>([
    [
      "class indices for TF's dense loss",
      (logits) => softmaxCrossEntropyWithLogits({ labels: [0, 2], logits }),
      "SHAPE",
      ["sparseSoftmaxCrossEntropyWithLogits"],
    ],
    [
      "BigInt indices for TF's dense loss",
      (logits) => softmaxCrossEntropyWithLogits({ labels: BigInt64Array.of(0n, 2n) as never, logits }),
      "SHAPE",
      ["[2]", "sparseSoftmaxCrossEntropyWithLogits"],
    ],
    [
      "one-hot rows for TF's sparse loss",
      (logits) => sparseSoftmaxCrossEntropyWithLogits({ labels: ONE_HOT, logits }),
      "VALUE",
      ["take softmaxCrossEntropyWithLogits"],
    ],
    [
      "a one-hot tensor for TF's sparse loss",
      (logits, device) => sparseSoftmaxCrossEntropyWithLogits({ labels: device.tensor(ONE_HOT) as never, logits }),
      "VALUE",
      ["take softmaxCrossEntropyWithLogits"],
    ],
    [
      "class indices on the device",
      (logits, device) => sparseSoftmaxCrossEntropyWithLogits({ labels: device.tensor([0, 2]) as never, logits }),
      "VALUE",
      ["host data", "await x.data()"],
    ],
    [
      "softmax output for TF",
      (z) => softmaxCrossEntropyWithLogits({ labels: ONE_HOT, logits: softmax(z) }),
      "VALUE",
      ["output of softmax", "what went into it"],
    ],
    [
      "positional rows for TF",
      () => softmaxCrossEntropyWithLogits([[1, 0, 0]] as never),
      "VALUE",
      ["{ labels, logits }"],
    ],
    ["positional arguments for TF", (z) => softmaxCrossEntropyWithLogits(z as never), "VALUE", ["{ labels, logits }"]],
    [
      "labels out of range for TF",
      (logits) => sparseSoftmaxCrossEntropyWithLogits({ labels: [0, -1], logits }),
      "LABEL",
      ["row 1"],
    ],
    [
      "an option that TF has not",
      (logits) => sparseSoftmaxCrossEntropyWithLogits({ labels: [0, 1], logits, axis: 1 } as never),
      "OPTION",
      ["axis"],
    ],
    [
      "both targets for S4TF",
      (logits) => softmaxCrossEntropy({ logits, labels: [0, 2], probabilities: ONE_HOT } as never),
      "VALUE",
      ["one of"],
    ],
    [
      "one-hot labels for S4TF",
      (logits) => softmaxCrossEntropy({ logits, labels: ONE_HOT }),
      "VALUE",
      ["as probabilities"],
    ],
    [
      "a reduction without a result",
      (logits) => softmaxCrossEntropy({ logits, labels: [0, 2], reduction: (() => {}) as never }),
      "OPTION",
      ["undefined"],
    ],
    ["softmax output for PyTorch", (z) => crossEntropy(softmax(z), [0, 2]), "VALUE", ["output of softmax"]],
    ["softmax output for nllLoss", (z) => nllLoss(softmax(z), [0, 2]), "VALUE", ["logSoftmax(x)", "crossEntropy"]],
    ["probabilities for nllLoss", (z) => nllLoss(logSoftmax(z), ONE_HOT), "VALUE", ["crossEntropy"]],
    ["an index tensor for PyTorch", (z, device) => crossEntropy(z, device.tensor([0, 2])), "VALUE", ["host data"]],
    [
      "softmax output said to be logits",
      (z) => sparseCategoricalCrossentropy([0, 2], softmax(z), { fromLogits: true }),
      "VALUE",
      ["leave fromLogits out"],
    ],
    [
      "log-probabilities said to be probabilities",
      (z) => sparseCategoricalCrossentropy([0, 2], logSoftmax(z)),
      "VALUE",
      ["fromLogits: true"],
    ],
    [
      "class indices for Keras' dense loss",
      (z) => categoricalCrossentropy([0, 2], z),
      "SHAPE",
      ["sparseCategoricalCrossentropy"],
    ],
    [
      "one-hot rows for Keras' sparse loss",
      (z) => sparseCategoricalCrossentropy(ONE_HOT, z),
      "VALUE",
      ["take categoricalCrossentropy"],
    ],
    [
      "arguments the wrong way round",
      (z) => sparseCategoricalCrossentropy(z as never, [0, 2] as never),
      "VALUE",
      ["yPred, the second argument"],
    ],
  ])("%s", async (_, call, code, words) => {
    const device = await openPlain();
    const z = device.tensor(TWO);
    const error = ((): unknown => {
      try {
        return call(z, device);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ code });
    for (const word of words) expect((error as Error).message).toContain(word);
  });

  it("and keeps no memory", async () => {
    const device = await openPlain();
    const logits = device.tensor(TWO);
    expectRefused(device, () => softmaxCrossEntropyWithLogits({ labels: ONE_HOT, logits, axis: 5 }), "SHAPE", []);
    expectRefused(device, () => crossEntropy(logits, ONE_HOT, { labelSmoothing: 2 }), "OPTION", ["labelSmoothing"]);
  });
});

it("nothing stays behind but the result", async () => {
  const device = await openPlain();
  const z = device.tensor(TWO);
  const before = device.memory().handles;
  for (const loss of [
    softmaxCrossEntropyWithLogits({ labels: ONE_HOT, logits: z }),
    softmaxCrossEntropy({ logits: z, labels: [0, 2], reduction: sum }),
    crossEntropy(z, ONE_HOT),
    crossEntropy(z, [-100, -100]),
    nllLoss(z, [0, -100], { weight: [1, 2, 3] }),
    sparseCategoricalCrossentropy([0, -1], z, { ignoreClass: -1 }),
    categoricalCrossentropy(ONE_HOT, z, { labelSmoothing: 0.1 }),
  ]) {
    expect(device.memory().handles).toBeGreaterThan(before);
    loss.dispose();
  }
  expect(device.memory().handles).toBe(before);
});

it("PyTorch's own ignoreIndex may be named beside probabilities, and no other", async () => {
  const device = await openPlain();
  const logits = device.tensor(TWO);
  const named = crossEntropy(logits, device.tensor(SOFT), { ignoreIndex: -100 });
  await expectClose(named, await numbers(crossEntropy(logits, device.tensor(SOFT))));
  const call = (): unknown => crossEntropy(logits, device.tensor(ONE_HOT), { ignoreIndex: 0 });
  expect(call).toThrow("crossEntropy: ignoreIndex cannot go with probabilities");
});
