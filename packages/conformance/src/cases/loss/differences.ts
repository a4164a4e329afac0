import { softmaxCrossEntropy } from "@surprisal/core";
import type { Case } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { checkDifferences, needsFloat64 } from "../gradients/differences.ts";
import type { Application } from "../ops/op-case.ts";
import { type LossStyle, optionStyles, optionsFor, reducedOptions, termsOf } from "./setting.ts";

/** The loss of a style by the logits (and the probabilities), for differences. */
function application(style: LossStyle): Application {
  const { targets, batch: _, ...rest } = style;
  const shape = [2, 5];
  const options = reducedOptions(optionsFor(rest, [2]), rest.reduction!);
  if (targets === "probabilities") {
    return {
      shapes: [shape, shape],
      numbers: (random, _, input) => (input === 0 ? 2 * random.normal() : random.uniform()),
      apply: (z, q) => softmaxCrossEntropy(z!, { probabilities: q! }, options),
    };
  }
  const mark = options.ignoreIndex === undefined ? 4 : [options.ignoreIndex].flat()[0]!;
  return { shapes: [shape], apply: (z) => softmaxCrossEntropy(z!, { labels: [2, mark] }, options) };
}

/** First and second derivatives of the loss under every combination of options, by differences. */
export const lossDifferenceCases: readonly Case[] = Object.entries(optionStyles).flatMap(([name, style]) =>
  // A sum differs from a mean by a number, which the values have checked. Means with terms are among the device options.
  (termsOf(style) === undefined ? (["none", "mean"] as const) : (["none"] as const)).map((reduction) =>
    caseGroup("loss/derivatives").quick(
      `differences-${name}-${reduction}`,
      (t) => checkDifferences(t, application({ ...style, reduction })),
      needsFloat64,
    ),
  ),
);
