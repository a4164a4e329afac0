import type { Facts } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import { noTerms, type Terms } from "../../oracle/scaled-logits.ts";
import { type LossProblem, softmaxCrossEntropy } from "../../oracle/softmax-cross-entropy.ts";
import { caseGroup } from "../define.ts";
import { type HostileRow, hostile, surround } from "./hostile-rows.ts";
import { everyOutput, launch, launchAndVerify, launchBothWays, verify } from "./launch.ts";
import { type ProblemStyle, randomProblem, sizes } from "./random-problem.ts";

const { quick, full } = caseGroup("kernel/softmax-cross-entropy-terms");

export function needsTerms({ lossTerms }: Facts): string | undefined {
  return lossTerms === true ? undefined : "lossTerms is not stated: core derives the terms";
}

function needsDiagnostics({ lossDiagnostics }: Facts): string | undefined {
  return lossDiagnostics === true ? undefined : "lossDiagnostics is not stated: core derives the diagnostics";
}

/** Every term alone, on both sides of what changes its form, and all of them. */
export const termSets: Readonly<Record<string, Partial<Terms>>> = {
  "temperature-2": { inverseTemperature: 0.5 },
  "temperature-0.7": { inverseTemperature: 1 / 0.7 },
  "temperature-0.05": { inverseTemperature: 20 },
  "softcap-30": { softcap: 30 },
  "softcap-2": { softcap: 2 },
  "softcap-and-temperature": { softcap: 5, inverseTemperature: 3 },
  "z-loss-1e-4": { zLoss: 1e-4 },
  "z-loss-1": { zLoss: 1 },
  "focal-half": { focal: 0.5 },
  "focal-1": { focal: 1 },
  "focal-2": { focal: 2 },
  "focal-5": { focal: 5 },
  "poly-1": { poly: 1 },
  "poly-minus-1": { poly: -1 },
  "focal-and-poly": { focal: 2, poly: 0.5 },
  "every-term": { inverseTemperature: 0.8, softcap: 10, zLoss: 0.01, focal: 1.5, poly: 1 },
};

const takesAnyTarget = ({ focal, poly }: Partial<Terms>): boolean => (focal ?? 0) === 0 && (poly ?? 0) === 0;

/** The problems that a set of terms meets. */
export function stylesFor(terms: Partial<Terms>): ProblemStyle[] {
  const labels: ProblemStyle[] = [
    { ...sizes.digits, terms },
    { ...sizes.pair, terms, spread: 20 },
    { ...sizes.thousand, terms, classWeights: true, rowScale: true, scale: -0.5 },
    { ...sizes.overOneBlock, terms },
    { ...sizes.oneClass, terms },
    { ...sizes.digits, terms, ignoreEvery: 4, classWeights: true, rowScale: true },
    { rows: 0, classes: 10, terms },
  ];
  if (!takesAnyTarget(terms)) return labels;
  return [
    ...labels,
    { ...sizes.digits, terms, smoothing: 0.1, classWeights: true, ignoreEvery: 5 },
    { ...sizes.digits, terms, targets: "probabilities", rowScale: true },
    { ...sizes.digits, terms, targets: "probabilities", smoothing: 0.2, classWeights: true },
    { ...sizes.overOneBlock, terms, targets: "probabilities" },
  ];
}

/** What a hostile row meets: each changes what the row's numbers go through. */
export const hostileTerms: Readonly<Record<string, Partial<Terms>>> = {
  temperature: { inverseTemperature: 1.4 },
  softcap: { softcap: 8 },
  "z-loss": { zLoss: 0.125 },
  "focal-and-poly": { focal: 2, poly: 0.5 },
  "focal-below-1": { focal: 0.5 },
  "every-term": { inverseTemperature: 0.5, softcap: 20, zLoss: 0.25, focal: 1, poly: 1 },
};

export function meets({ label, smoothing }: HostileRow, terms: Partial<Terms>): boolean {
  return takesAnyTarget(terms) || (label !== undefined && (smoothing ?? 0) === 0);
}

/** Rows whose label leads by `margin`: what is tiny is judged by its own terms, which are as tiny. */
async function confident(t: CaseContext, margin: number, terms: Partial<Terms>): Promise<void> {
  const random = t.random();
  const { rows, classes } = sizes.digits;
  const labels = Int32Array.from({ length: rows }, (_, r) => (r * 7) % classes);
  const logits = t.generate(rows * classes, (d) =>
    labels[Math.floor(d / classes)] === d % classes ? margin : Math.floor(random.uniform() * 8) / 8,
  );
  const problem: LossProblem = { rows, classes, logits, labels, terms: { ...noTerms, ...terms } };
  const result = await launch(t, problem);
  const { rowLoss, gradient, ...rest } = softmaxCrossEntropy(problem);
  const relative = (expected: typeof rowLoss) => {
    const size = Array.from(expected.terms as ArrayLike<number>, (term) => term * (1 + margin / 10) || 1);
    return { ...expected, scale: size };
  };
  verify(t, problem, result, { ...rest, rowLoss: relative(rowLoss), gradient: relative(gradient) });
}

const relativeTerms: Readonly<Record<string, Partial<Terms>>> = {
  temperature: { inverseTemperature: 0.75 },
  softcap: { softcap: 100 },
  focal: { focal: 0.5 },
  poly: { poly: 2 },
};

/** The kernel with its further terms, where a backend has it. */
export const termCases: readonly Case[] = [
  ...Object.entries(termSets).map(([name, terms]) =>
    quick(
      name,
      async (t) => {
        for (const style of stylesFor(terms)) await launchAndVerify(t, randomProblem(t, style));
      },
      needsTerms,
    ),
  ),
  ...Object.entries(hostileTerms).flatMap(([name, terms]) =>
    Object.entries(hostile)
      .filter(([, row]) => meets(row, terms))
      .map(([rowName, row]) =>
        quick(
          `row-${rowName}-${name}`,
          (t) => launchBothWays(t, { ...surround(t, row), terms: { ...noTerms, ...terms } }),
          (facts) => needsTerms(facts) ?? (row.nonFinite ? strictNonFinite(facts) : undefined),
        ),
      ),
  ),
  ...Object.entries(relativeTerms).flatMap(([name, terms]) =>
    [17, 50, 87].map((margin) => quick(`confident-${margin}-${name}`, (t) => confident(t, margin, terms), needsTerms)),
  ),
  quick(
    "gradient-over-logits-and-state-given-back",
    async (t) => {
      const problem = randomProblem(t, { ...sizes.digits, terms: termSets["every-term"]!, ignoreEvery: 5 });
      const logits = t.float(problem.logits);
      const { state } = await launch(t, problem, ["state"], { logits });
      const given = { logits, gradient: logits, state: t.float(state!) };
      verify(t, problem, await launch(t, problem, ["rowLoss", "gradient"], given));
    },
    needsTerms,
  ),
  quick(
    "neutral-terms-change-nothing",
    async (t) => {
      const problem = randomProblem(t, { ...sizes.digits, ignoreEvery: 5 });
      const reference = softmaxCrossEntropy(problem);
      verify(t, problem, await launch(t, { ...problem, terms: noTerms }), reference);
    },
    needsTerms,
  ),
  quick(
    "inner-class-axis",
    async (t) => {
      const style = { rows: 33, classes: 10, inner: 11, rowScale: true, terms: termSets["every-term"]! };
      await launchAndVerify(t, randomProblem(t, style));
    },
    (facts) => needsTerms(facts) ?? (facts.innerClass ? undefined : "innerClass is false"),
  ),
  full(
    "a-vocabulary",
    (t) => launchAndVerify(t, randomProblem(t, { ...sizes.vocabulary, terms: termSets["every-term"]! })),
    needsTerms,
  ),
  ...(["labels", "probabilities"] as const).map((targets) =>
    quick(
      `diagnostics-of-${targets}`,
      async (t) => {
        for (const style of [sizes.tiny, sizes.digits, sizes.oneClass, sizes.overOneBlock]) {
          const problem = randomProblem(t, { ...style, targets, ...(targets === "labels" && { ignoreEvery: 3 }) });
          await launchAndVerify(t, problem, ["diagnostics"]);
          await launchAndVerify(t, problem, [...everyOutput, "diagnostics"]);
        }
      },
      needsDiagnostics,
    ),
  ),
  quick(
    "diagnostics-with-terms",
    (t) =>
      launchAndVerify(t, randomProblem(t, { ...sizes.digits, terms: termSets["every-term"]!, ignoreEvery: 3 }), [
        ...everyOutput,
        "diagnostics",
      ]),
    (facts) => needsTerms(facts) ?? needsDiagnostics(facts),
  ),
  ...Object.entries(hostile)
    .filter(([, row]) => !row.probabilities?.some(Number.isNaN))
    .map(([name, row]) =>
      quick(
        `diagnostics-of-row-${name}`,
        (t) => launchAndVerify(t, surround(t, row), ["diagnostics"]),
        (facts) => needsDiagnostics(facts) ?? (row.nonFinite ? strictNonFinite(facts) : undefined),
      ),
    ),
];
