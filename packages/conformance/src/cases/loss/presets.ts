import { isSurprisalError, type Reduction, sum, type Tensor } from "@surprisal/core";
import {
  categoricalCrossentropy,
  crossEntropy,
  lossAs,
  nllLoss,
  type Preset,
  s4tf,
  softmaxCrossEntropy,
  softmaxCrossEntropyWithLogits,
  sparseCategoricalCrossentropy,
  sparseSoftmaxCrossEntropyWithLogits,
} from "@surprisal/core/compat";
import { logSoftmax, softmax } from "@surprisal/core/ops";
import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import { type PresetGolden, presetGoldens } from "./preset-goldens.ts";
import { near } from "./stated.ts";

const { quick } = caseGroup("loss/presets");

const two = [
  [1, 2, 3],
  [1, 2, 3],
];

/** Six digits were printed. */
const digitsOf = (values: readonly number[]): number =>
  1.5e-6 * Math.max(1, ...values.filter(Number.isFinite).map(Math.abs));

async function checkGolden(t: CaseContext, preset: Preset, golden: PresetGolden): Promise<void> {
  const { logits = two, labels, probabilities, options = {}, loss, gradient } = golden;
  await inScope(t, async (scope) => {
    const z = scope.tensor(logits);
    const targets = labels ? { labels } : { probabilities: scope.tensor(probabilities!) };
    near(t, await t.read(lossAs(z, targets, preset, options)), loss, digitsOf(loss), "loss");
    if (gradient === undefined) return;
    const reduction: Reduction = options.reduction ?? preset.reduction;
    const settled = { ...options, reduction };
    const gradients = scope.grad((x) => sum(lossAs(x, targets, preset, settled)), z);
    near(t, await t.read(gradients), gradient.flat(), digitsOf(gradient.flat()), "gradient");
  });
}

/** Whether NaN or an infinity is in a golden row. */
function hasInfinities({ logits = [], loss }: PresetGolden): boolean {
  return ![logits, loss].flat(3).every(Number.isFinite);
}

const oneHot = [
  [1, 0, 0],
  [0, 0, 1],
];
const rows = [2.407606, 0.407606];
const labels = [0, 2];

/** Functions under other systems' names, on the rows [1, 2, 3] with labels 0 and 2: what each system answers. */
const named: Readonly<Record<string, readonly [of: (z: Tensor) => Tensor, answer: readonly number[]]>> = {
  "tensorflow-softmax-cross-entropy-with-logits": [
    (z) => softmaxCrossEntropyWithLogits({ labels: oneHot, logits: z }),
    rows,
  ],
  "tensorflow-sparse-softmax-cross-entropy-with-logits": [
    (z) => sparseSoftmaxCrossEntropyWithLogits({ labels, logits: z }),
    rows,
  ],
  "s4tf-softmax-cross-entropy": [(z) => softmaxCrossEntropy({ logits: z, labels }), [1.407606]],
  "s4tf-softmax-cross-entropy-reduced-by-sum": [
    (z) => softmaxCrossEntropy({ logits: z, labels, reduction: sum }),
    [2.815212],
  ],
  "torch-cross-entropy": [(z) => crossEntropy(z, labels, { weight: [1, 2, 4] }), [0.807606]],
  "torch-cross-entropy-of-probabilities": [(z) => crossEntropy(z, oneHot, { weight: [1, 2, 4] }), [2.019015]],
  "torch-nll-loss-after-log-softmax": [(z) => nllLoss(logSoftmax(z, 1), labels, { weight: [1, 2, 4] }), [0.807606]],
  "keras-categorical-crossentropy-from-logits": [(z) => categoricalCrossentropy(oneHot, z, { fromLogits: true }), rows],
  "keras-categorical-crossentropy-of-a-softmax": [(z) => categoricalCrossentropy(oneHot, softmax(z)), rows],
  "keras-sparse-categorical-crossentropy-of-a-softmax": [
    (z) => sparseCategoricalCrossentropy(labels, softmax(z)),
    rows,
  ],
};

/** Labels that name no class, by system. */
const outOfRange: Readonly<Record<string, readonly number[]>> = {
  tensorflow: [-1, 3],
  keras: [-1, 3],
  torch: [-1, 3],
  onnx: [-5, 3],
  optax: [-5, 3],
  s4tf: [-1, 3],
};

/** Other systems' semantics on these kernels: what they answer, to the digits that they printed. */
export const presetCases: readonly Case[] = [
  ...presetGoldens.flatMap(([preset, goldens]) =>
    Object.entries(goldens).map(([name, golden]) =>
      quick(
        `${preset.name}-${name}`,
        (t) => checkGolden(t, preset, golden),
        hasInfinities(golden) ? strictNonFinite : undefined,
      ),
    ),
  ),
  ...Object.entries(named).map(([name, [of, answer]]) =>
    quick(`named-${name}`, (t) =>
      inScope(t, async (scope) => near(t, await t.read(of(scope.tensor(two))), answer, digitsOf(answer), "loss")),
    ),
  ),
  ...presetGoldens.map(([preset]) =>
    quick(`${preset.name}-refuses-a-label-of-no-class`, (t) =>
      inScope(t, (scope) => {
        const z = scope.tensor(two);
        const { made } = t.backend.usage;
        for (const label of outOfRange[preset.name]!) {
          let error: unknown;
          try {
            lossAs(z, { labels: [label, 2] }, preset);
          } catch (thrown) {
            error = thrown;
          }
          t.expect(isSurprisalError(error, "LABEL"), `label ${label} should be refused, and gave ${error}`);
        }
        t.expect(t.backend.usage.made === made, "memory was taken before the refusal");
      }),
    ),
  ),
  quick(
    "an-empty-mean-is-nan-with-gradient-0-where-the-system-has-it-so",
    (t) =>
      inScope(t, async (scope) => {
        for (const [preset] of presetGoldens) {
          const empty = await t.read(lossAs(scope.tensor([], [0, 3]), { labels: [] }, preset, { reduction: "mean" }));
          near(t, empty, [preset.emptyMean], 0, preset.name);
        }
        const z = scope.tensor(two);
        const { gradients } = scope.valueAndGrad((x) => lossAs(x, { labels }, s4tf, { rowWeights: [0, 0] }), z);
        near(t, await t.read(gradients), [0, 0, 0, 0, 0, 0], 0, "gradient of rows that all have weight 0");
      }),
    strictNonFinite,
  ),
];
