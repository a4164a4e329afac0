import type { Facts } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { everyOutput, launchAndVerify } from "./launch.ts";
import { type ProblemStyle, randomProblem, sizes } from "./random-problem.ts";
import { needsTerms, termSets } from "./terms.ts";

const { quick } = caseGroup("kernel/softmax-cross-entropy-marks");

function needsMarks({ lossMarks }: Facts): string | undefined {
  return lossMarks === true ? undefined : "lossMarks is not stated: core masks copies";
}

const styles: Readonly<Record<string, ProblemStyle>> = {
  "three-classes": { ...sizes.tiny },
  "ten-classes": { ...sizes.digits },
  "a-thousand-classes": { ...sizes.thousand, scale: -0.5 },
  "over-a-block": { ...sizes.overOneBlock },
  smoothed: { ...sizes.digits, smoothing: 0.1, rowScale: true },
  "with-every-option": { ...sizes.digits, smoothing: 0.2, classWeights: true, rowScale: true, scale: 0.5 },
};

/** Marked rows hold NaN in logits and probabilities alike, and labels of other rows say nothing. */
async function marked(t: CaseContext, style: ProblemStyle): Promise<void> {
  const problem = randomProblem(t, { ...style, targets: "probabilities", ignoreEvery: 3 });
  const { classes, inner = 1, labels, probabilities } = problem;
  const nothing = t.facts.strictNonFinite ? Number.NaN : 77;
  const rowOf = (d: number): number => Math.floor(d / (classes * inner)) * inner + (d % inner);
  const spoiled = Array.from(probabilities!, (q, d) => (labels![rowOf(d)] === -1 ? nothing : q));
  const given = { ...problem, probabilities: spoiled };
  await launchAndVerify(t, given);
  await launchAndVerify(t, given, ["rowLoss"]);
  await launchAndVerify(t, given, ["gradient"]);
}

/** Labels beside probabilities: what a row of −1 holds reaches nothing. */
export const markCases: readonly Case[] = [
  ...Object.entries(styles).map(([name, style]) => quick(name, (t) => marked(t, style), needsMarks)),
  ...(["temperature-2", "softcap-2", "z-loss-1"] as const).map((name) =>
    quick(
      name,
      (t) => marked(t, { ...sizes.digits, terms: termSets[name]! }),
      (facts) => needsMarks(facts) ?? needsTerms(facts),
    ),
  ),
  quick(
    "inner-class-axis",
    (t) => marked(t, { rows: 33, classes: 10, inner: 11, rowScale: true }),
    (facts) => needsMarks(facts) ?? (facts.innerClass ? undefined : "innerClass is false"),
  ),
  quick(
    "diagnostics",
    (t) =>
      launchAndVerify(t, randomProblem(t, { ...sizes.digits, targets: "probabilities", ignoreEvery: 3 }), [
        ...everyOutput,
        "diagnostics",
      ]),
    (facts) =>
      needsMarks(facts) ?? (facts.lossDiagnostics ? undefined : "lossDiagnostics is not stated: core derives them"),
  ),
];
