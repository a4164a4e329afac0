import { type LossOptions, softmaxCrossEntropy } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import { softmaxCrossEntropy as oracle } from "../../oracle/softmax-cross-entropy.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import { type LossSetting, logitsOf, problemOf, reducedBy, targetsOf } from "./setting.ts";
import { near } from "./stated.ts";
import { checkGradient, checkLoss, reductions } from "./values.ts";

const { quick } = caseGroup("loss/semantics");
const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

/** A row of the table of edge cases (docs/semantics.md §4): what is asked, and the answer it states. */
export interface EdgeCase {
  readonly rows: readonly (readonly number[])[];
  readonly labels?: readonly number[];
  readonly probabilities?: readonly (readonly number[])[];
  readonly options?: LossOptions;
  /** Row losses, as the table has them. */
  readonly loss?: readonly number[];
  /** Their gradients by the logits. */
  readonly gradient?: readonly number[];
  /** Sum and mean, where the table states them. */
  readonly sum?: number;
  readonly mean?: number;
  /** What the stated numbers are good for; 0 where they are exact. */
  readonly digits?: number;
  readonly nonFinite?: boolean;
}

export const edgeCases: Readonly<Record<string, EdgeCase>> = {
  "plus-minus-500-label-0": {
    rows: [[-500, 500, -500]],
    labels: [0],
    loss: [1000],
    gradient: [-1, 1, 0],
    digits: 1e-30,
  },
  "plus-minus-500-label-1": { rows: [[-500, 500, -500]], labels: [1], loss: [0], gradient: [0, 0, 0], digits: 1e-30 },
  "plus-minus-1e30": { rows: [[1e30, -1e30, 0]], labels: [1], loss: [2e30], gradient: [1, -1, 0], digits: 1e24 },
  "common-offset-1e4": { rows: [[2 + 1e4, -1 + 1e4]], labels: [0], loss: [0.04858735157374196], digits: 1e-8 },
  "common-offset-1e6": { rows: [[2 + 1e6, -1 + 1e6]], labels: [0], loss: [0.04858735157374196], digits: 1e-8 },
  "minus-infinity-beside-the-label": {
    rows: [[-infinity, 0, 1]],
    labels: [1],
    loss: [1.313262],
    gradient: [0, -0.731059, 0.731059],
    digits: 1e-6,
    nonFinite: true,
  },
  "minus-infinity-at-the-label": {
    rows: [[-infinity, 0, 1]],
    labels: [0],
    loss: [infinity],
    gradient: [-1, 0.268941, 0.731059],
    digits: 1e-6,
    nonFinite: true,
  },
  "target-0-at-minus-infinity": {
    rows: [[-infinity, 0, 1]],
    probabilities: [[0, 1, 0]],
    loss: [1.313262],
    gradient: [0, -0.731059, 0.731059],
    digits: 1e-6,
    nonFinite: true,
  },
  "all-minus-infinity-in-that-row-only": {
    rows: [
      [-infinity, -infinity, -infinity],
      [1, 2, 3],
    ],
    labels: [0, 2],
    loss: [nan, 0.407606],
    gradient: [nan, nan, nan, 0.090031, 0.244728, -0.334759],
    digits: 1e-6,
    nonFinite: true,
  },
  "plus-infinity-in-that-row-only": {
    rows: [
      [infinity, 0, 1],
      [1, 2, 3],
    ],
    labels: [1, 2],
    loss: [nan, 0.407606],
    gradient: [nan, nan, nan, 0.090031, 0.244728, -0.334759],
    digits: 1e-6,
    nonFinite: true,
  },
  "nan-in-that-row-only": {
    rows: [
      [nan, 0, 1],
      [1, 2, 3],
    ],
    labels: [1, 2],
    loss: [nan, 0.407606],
    gradient: [nan, nan, nan, 0.090031, 0.244728, -0.334759],
    digits: 1e-6,
    nonFinite: true,
  },
  "one-class": { rows: [[7], [-3]], labels: [0, 0], loss: [0, 0], gradient: [0, 0], sum: 0, mean: 0 },
  "every-row-ignored": {
    rows: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    labels: [-1, -1],
    options: { ignoreIndex: -1 },
    loss: [0, 0],
    gradient: [0, 0, 0, 0, 0, 0],
    sum: 0,
    mean: 0,
  },
  "weights-all-0": {
    rows: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    labels: [0, 2],
    options: { classWeights: [0, 0, 0] },
    loss: [0, 0],
    gradient: [0, 0, 0, 0, 0, 0],
    sum: 0,
    mean: 0,
  },
  "row-weights-all-0": {
    rows: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    labels: [0, 2],
    options: { rowWeights: [0, 0] },
    loss: [0, 0],
    gradient: [0, 0, 0, 0, 0, 0],
    sum: 0,
    mean: 0,
  },
  "row-weights-all-0-of-probabilities": {
    rows: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    probabilities: [
      [1, 0, 0],
      [0, 0.5, 0.5],
    ],
    options: { rowWeights: [0, 0] },
    loss: [0, 0],
    gradient: [0, 0, 0, 0, 0, 0],
    sum: 0,
    mean: 0,
  },
  "ignored-rows-are-not-read": {
    rows: [
      [nan, infinity, -infinity],
      [1, 2, 3],
    ],
    labels: [-100, 2],
    options: { ignoreIndex: -100 },
    loss: [0, 0.407606],
    gradient: [0, 0, 0, 0.090031, 0.244728, -0.334759],
    sum: 0.407606,
    mean: 0.407606,
    digits: 1e-6,
    nonFinite: true,
  },
  "weightless-rows-are-not-read": {
    rows: [
      [nan, infinity, -infinity],
      [1, 2, 3],
      [1, 2, 3],
    ],
    probabilities: [
      [1, 0, 0],
      [0, 0, 1],
      [nan, infinity, 0],
    ],
    options: { rowWeights: [0, 1, 0] },
    loss: [0, 0.407606, 0],
    gradient: [0, 0, 0, 0.090031, 0.244728, -0.334759, 0, 0, 0],
    sum: 0.407606,
    mean: 0.407606,
    digits: 1e-6,
    nonFinite: true,
  },
  "soft-row-that-sums-to-2": {
    rows: [[1, 2, 3]],
    probabilities: [[1, 1, 0]],
    loss: [3.8152],
    gradient: [-0.82, -0.511, 1.33],
    digits: 5e-4,
  },
  "soft-row-all-0": { rows: [[1, 2, 3]], probabilities: [[0, 0, 0]], loss: [0], gradient: [0, 0, 0], mean: 0 },
  "negative-soft-label": {
    rows: [[1, 2, 3]],
    probabilities: [[-1, 1, 1]],
    // As PyTorch 2.13, measured.
    loss: [-0.592394],
    gradient: [1.090031, -0.755271, -0.334759],
    digits: 1e-6,
  },
  "nan-in-a-soft-label": {
    rows: [
      [1, 2, 3],
      [1, 2, 3],
    ],
    probabilities: [
      [nan, 1, 0],
      [0, 0, 1],
    ],
    loss: [nan, 0.407606],
    gradient: [nan, nan, nan, 0.090031, 0.244728, -0.334759],
    digits: 1e-6,
    nonFinite: true,
  },
};

export function settingOf(t: CaseContext, { rows, labels, probabilities, options = {} }: EdgeCase): LossSetting {
  return {
    batch: [rows.length],
    classes: rows[0]!.length,
    logits: t.numbers(rows.flat()),
    labels,
    probabilities: probabilities && t.numbers(probabilities.flat()),
    options,
  };
}

/** The oracle agrees with the table, and the backend with the oracle: whole rows, sums, means, gradients. */
async function checkEdge(t: CaseContext, edge: EdgeCase): Promise<void> {
  const setting = reducedBy(settingOf(t, edge), "none");
  const { rowLoss, gradient } = oracle(problemOf(setting));
  const digits = edge.digits ?? 0;
  if (edge.loss) near(t, rowLoss.values, edge.loss, digits, "the oracle's loss");
  if (edge.gradient) near(t, gradient.values, edge.gradient, digits, "the oracle's gradient");
  for (const reduction of reductions) {
    await checkLoss(t, reducedBy(setting, reduction));
    await checkGradient(t, reducedBy(setting, reduction));
  }
  await inScope(t, async (scope) => {
    const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
    for (const reduction of ["sum", "mean"] as const) {
      if (edge[reduction] === undefined) continue;
      const options = { ...setting.options, reduction };
      const { value, gradients } = scope.valueAndGrad((y) => softmaxCrossEntropy(y, targets, options), z);
      near(t, await t.read(value), [edge[reduction]], digits, reduction);
      if (edge[reduction] === 0) {
        t.check(await t.read(gradients), new Float64Array(z.size), t.judge("exact"), `gradient of the ${reduction}`);
      }
    }
  });
}

/** Every row of docs/semantics.md §4 that the options reach and that has an answer. */
export const semanticsCases: readonly Case[] = [
  ...Object.entries(edgeCases).map(([name, edge]) =>
    quick(name, (t) => checkEdge(t, edge), edge.nonFinite ? strictNonFinite : undefined),
  ),
  quick(
    "logits-near-the-largest-number",
    async (t) => {
      // ±3e38 in float32: the loss is beyond the format, the gradient exact.
      const far = 0.88 * t.format.largest;
      const edge = { rows: [[far, -far, 0]], labels: [1] };
      for (const reduction of reductions) {
        await checkLoss(t, reducedBy(settingOf(t, edge), reduction));
        await checkGradient(t, reducedBy(settingOf(t, edge), reduction));
      }
      await inScope(t, async (scope) => {
        const setting = settingOf(t, edge);
        const options = { reduction: "sum" } as const;
        const z = logitsOf(scope, setting);
        const { value, gradients } = scope.valueAndGrad((y) => softmaxCrossEntropy(y, { labels: [1] }, options), z);
        near(t, await t.read(value), [infinity], 0, "loss");
        near(t, await t.read(gradients), [1, -1, 0], 0, "gradient");
      });
    },
    strictNonFinite,
  ),
  quick("empty-batch", (t) =>
    inScope(t, async (scope) => {
      const z = scope.tensor([], [0, 3]);
      for (const targets of [{ labels: [] }, { probabilities: scope.tensor([], [0, 3]) }]) {
        const none = softmaxCrossEntropy(z, targets, { reduction: "none" });
        t.expect(none.shape.join() === "0", `reduction none of an empty batch has the shape [${none.shape}], not [0]`);
        t.same(await t.read(none), [], "none");
        for (const reduction of ["sum", "mean"] as const) {
          const { value, gradients } = scope.valueAndGrad((y) => softmaxCrossEntropy(y, targets, { reduction }), z);
          t.check(await t.read(value), [0], t.judge("exact"), reduction);
          t.expect(gradients.shape.join() === "0,3", `its gradient has the shape [${gradients.shape}], not [0, 3]`);
        }
      }
    }),
  ),
];
