import {
  crossEntropyTerms,
  isSurprisalError,
  LOSS_SETTINGS,
  type LossOptionName,
  type LossOptions,
  type LossSetting,
  legalCombinations,
  type Scope,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
} from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";

const { quick } = caseGroup("loss/combinations");

/** A value of each option that is not neutral. */
const given: Readonly<Record<LossOptionName, LossOptions>> = {
  reduction: {},
  denominator: { denominator: "rows" },
  labelSmoothing: { labelSmoothing: 0.1 },
  classWeights: { classWeights: [1, 2, 0.5] },
  ignoreIndex: { ignoreIndex: 1 },
  rowWeights: { rowWeights: [1, 2] },
  zLoss: { zLoss: 0.1 },
  temperature: { temperature: 2 },
  softcap: { softcap: 5 },
  focal: { focal: 2 },
  poly: { poly: 1 },
  axis: { axis: 1 },
};

/** What puts a loss into a setting; nothing for what is no setting of this op. */
const settings: Readonly<Record<Exclude<LossSetting, "linear">, LossOptions>> = {
  labels: {},
  smoothed: { labelSmoothing: 0.1 },
  weighted: { classWeights: [1, 2, 0.5] },
  probabilities: {},
  mean: { reduction: "mean" },
  sum: { reduction: "sum" },
  none: { reduction: "none" },
};

const losses = { softmaxCrossEntropy, softmaxCrossEntropyGradient };

async function checkCombination(
  t: CaseContext,
  option: LossOptionName,
  setting: Exclude<LossSetting, "linear">,
): Promise<void> {
  await inScope(t, async (scope) => {
    const z = scope.tensor([
      [1, 2, 3],
      [3, 1, 0],
    ]);
    const targets =
      setting === "probabilities" ? { probabilities: scope.tensor([1, 0, 0, 0, 1, 0], [2, 3]) } : { labels: [2, 0] };
    const options = { ...given[option], ...settings[setting] };
    const legal = legalCombinations[option][setting] === true;
    for (const [name, loss] of Object.entries(losses)) {
      const { made } = t.backend.usage;
      let error: unknown;
      try {
        t.expect((await t.read(loss(z, targets, options))).every(Number.isFinite), `${name}: a result is not finite`);
      } catch (thrown) {
        error = thrown;
      }
      if (legal) {
        if (error !== undefined) throw error;
        continue;
      }
      t.expect(isSurprisalError(error, "OPTION"), `${name} should refuse ${option} with ${setting}, and gave ${error}`);
      t.expect((error as Error).message.includes(option), `"${(error as Error).message}" does not name ${option}`);
      t.expect(t.backend.usage.made === made, `${name} took memory before it refused`);
    }
  });
}

/** Options outside their range, and the words that the error must have. */
const refused: Readonly<
  Record<string, readonly [LossOptions, code: "OPTION" | "SHAPE" | "VALUE", ...words: string[]]>
> = {
  "z-loss-below-0": [{ zLoss: -1 }, "OPTION", "zLoss", "-1"],
  "z-loss-nan": [{ zLoss: Number.NaN }, "OPTION", "zLoss", "NaN"],
  "temperature-0": [{ temperature: 0 }, "OPTION", "temperature", "0"],
  "temperature-infinite": [{ temperature: Number.POSITIVE_INFINITY }, "OPTION", "temperature", "Infinity"],
  "softcap-0": [{ softcap: 0 }, "OPTION", "softcap", "leave it out"],
  "focal-below-0": [{ focal: -0.5 }, "OPTION", "focal", "-0.5"],
  "poly-below-minus-1": [{ poly: -1.5 }, "OPTION", "poly", "-1.5"],
  "denominator-unknown": [{ denominator: "sum" as never }, "OPTION", "denominator", "batch"],
  "denominator-below-0": [{ denominator: -2 }, "OPTION", "denominator", "-2"],
  "row-weights-of-another-length": [{ rowWeights: [1, 2, 3] }, "SHAPE", "rowWeights", "[3]", "[2]"],
  "row-weight-infinite": [{ rowWeights: [1, Number.POSITIVE_INFINITY] }, "OPTION", "rowWeights", "row 1"],
  "row-weight-below-0-in-a-mean-by-weights": [{ rowWeights: [1, -1] }, "OPTION", "rowWeights", "row 1", "denominator"],
  "axis-out-of-range": [{ axis: 2 }, "SHAPE", "axis 2", "2 axes"],
  "axis-no-number": [{ axis: "1" as never }, "OPTION", "axis"],
};

const refuse = (scope: Scope, options: LossOptions): unknown =>
  softmaxCrossEntropy(scope.tensor([1, 2, 3, 4, 5, 6], [2, 3]), { labels: [2, 0] }, options);

/** Every cell of the table of legal combinations: what is legal gives numbers, and the rest is refused before work. */
export const combinationCases: readonly Case[] = [
  ...(Object.keys(given) as LossOptionName[]).flatMap((option) =>
    LOSS_SETTINGS.filter((setting) => setting !== "linear").map((setting) =>
      quick(`${option}-with-${setting}`, (t) => checkCombination(t, option, setting)),
    ),
  ),
  ...Object.entries(refused).map(([name, [options, code, ...words]]) =>
    quick(`refused-${name}`, (t) =>
      inScope(t, (scope) => {
        let error: unknown;
        try {
          refuse(scope, options);
        } catch (thrown) {
          error = thrown;
        }
        t.expect(isSurprisalError(error, code), `should throw an error of code ${code}, not ${error}`);
        for (const word of words) {
          t.expect((error as Error).message.includes(word), `"${(error as Error).message}" does not say ${word}`);
        }
      }),
    ),
  ),
  quick("neutral-values-may-stand-anywhere", (t) =>
    inScope(t, async (scope) => {
      const z = scope.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
      const probabilities = scope.tensor([1, 0, 0, 0, 1, 0], [2, 3]);
      const neutral = { focal: 0, poly: 0, zLoss: 0, temperature: 1, labelSmoothing: 0 };
      const one = await t.read(softmaxCrossEntropy(z, { probabilities }, neutral));
      t.same(one, await t.read(softmaxCrossEntropy(z, { probabilities })), "loss");
    }),
  ),
  quick("a-number-as-denominator-does-not-add-up", (t) =>
    inScope(t, (scope) => {
      let error: unknown;
      try {
        crossEntropyTerms(scope.tensor([[1, 2]]), { labels: [0] }, { denominator: 3 as never });
      } catch (thrown) {
        error = thrown;
      }
      t.expect(isSurprisalError(error, "OPTION"), `should throw an OptionError, not ${error}`);
    }),
  ),
];
