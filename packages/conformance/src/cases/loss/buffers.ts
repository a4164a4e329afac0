import { softmaxCrossEntropy } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import { type LossStyle, logitsOf, optionStyles, randomSetting, reducedBy, targetsOf } from "./setting.ts";

const { quick } = caseGroup("loss/buffers");

/** Enough classes that a buffer of the logits' size stands out from those of a row's. */
const size = { batch: [8], classes: 64 };

/** How many buffers of the logits' size are alive at most while `run` works, beyond those before it. */
async function logitsSized(t: CaseContext, elements: number, run: () => void): Promise<number> {
  const { usage } = t.backend;
  const before = usage.liveBytes;
  usage.peakBytes = before;
  run();
  return Math.floor((usage.peakBytes - before) / (elements * t.facts.floatBytes));
}

/** The loss alone makes no buffer of the logits' size, and with its gradient one: the gradient. */
async function counts(t: CaseContext, style: LossStyle): Promise<void> {
  const weights = style.classWeights && Array.from({ length: size.classes }, (_, j) => 0.5 + (j % 4) / 4);
  const wide = { ...style, ...size, ...(weights && { classWeights: weights }) };
  for (const reduction of ["mean", "sum", "none"] as const) {
    const setting = reducedBy(randomSetting(t, wide), reduction);
    const elements = 8 * size.classes;
    await inScope(t, async (scope) => {
      const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
      const forward = await logitsSized(t, elements, () => softmaxCrossEntropy(z, targets, setting.options));
      t.expect(forward === 0, `${reduction}: the loss alone made ${forward} buffers of the logits' size`);
      if (reduction === "none") return;
      const both = await logitsSized(t, elements, () =>
        scope.valueAndGrad((y) => softmaxCrossEntropy(y, targets, setting.options), z),
      );
      t.expect(both === 1, `${reduction}: the loss and its gradient made ${both} buffers of the logits' size, not one`);
    });
  }
}

/** What a loss costs in memory, on backends whose kernel takes the terms. */
export const bufferCases: readonly Case[] = Object.entries(optionStyles).map(([name, style]) =>
  quick(
    name,
    (t) => counts(t, style),
    ({ lossTerms }) => (lossTerms === true ? undefined : "lossTerms is not stated: core derives the terms"),
  ),
);
