import type { Facts } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import { noTerms, type Terms } from "../../oracle/scaled-logits.ts";
import type { LossProblem } from "../../oracle/softmax-cross-entropy.ts";
import { caseGroup } from "../define.ts";
import { type HostileRow, hostile, surround } from "./hostile-rows.ts";
import { everyOutput, launch, launchAndVerify, verify } from "./launch.ts";
import { type ProblemStyle, randomProblem, sizes } from "./random-problem.ts";
import { hostileTerms, meets, stylesFor, termSets } from "./terms.ts";

const { quick } = caseGroup("kernel/softmax-cross-entropy-temperature");

function needsTemperature({ lossTemperature }: Facts): string | undefined {
  return lossTemperature === true ? undefined : "lossTemperature is not stated: core derives it";
}

/** The problem under the temperature that a handle holds: everything that it gives, in one call and alone. */
async function onDevice(t: CaseContext, problem: LossProblem, tau: number): Promise<void> {
  const [value] = t.numbers([tau]);
  const temperature = t.float([value!]);
  const cooled = { ...problem, terms: { ...noTerms, ...problem.terms, inverseTemperature: 1 / value! } };
  verify(t, cooled, await launch(t, cooled, [...everyOutput, "temperatureSlope"], { temperature }));
  verify(t, cooled, await launch(t, cooled, ["temperatureSlope"], { temperature }));
}

/** A loss at a class of −∞ is infinite, and what a slope is there is nobody's concern. */
const hasSlope = ({ nonFinite }: HostileRow, name: string): boolean => !(nonFinite && name.includes("largest-number"));

const wide: Readonly<Record<string, ProblemStyle>> = {
  "slope-over-a-block": { ...sizes.overOneBlock, targets: "probabilities", terms: { inverseTemperature: 0.5 } },
  "slope-of-a-thousand-classes": { ...sizes.thousand, classWeights: true, terms: termSets["every-term"]! },
};

/** Rows whose label leads by `margin`: the slope is tiny, and judged by its own terms. */
async function confident(t: CaseContext, margin: number, terms: Partial<Terms>): Promise<void> {
  const { rows, classes } = sizes.digits;
  const labels = Int32Array.from({ length: rows }, (_, r) => (r * 7) % classes);
  const logits = t.generate(rows * classes, (d) =>
    labels[Math.floor(d / classes)] === d % classes ? margin : (d % 8) / 8,
  );
  const problem = { rows, classes, logits, labels, terms: { ...noTerms, ...terms } };
  const { temperatureSlope } = await launch(t, problem, ["temperatureSlope"]);
  for (const [r, slope] of Array.from(temperatureSlope!).entries()) {
    t.expect(slope > 0, `row ${r}: the slope is ${slope}, and a loss of margin ${margin} rises with its temperature`);
  }
  verify(t, problem, { temperatureSlope: temperatureSlope! });
}

/** A temperature on the device, and the slope of the loss by it. */
export const temperatureCases: readonly Case[] = [
  ...Object.entries(termSets).map(([name, terms]) =>
    quick(
      name,
      async (t) => {
        for (const style of stylesFor(terms)) {
          if (style.rows * style.classes <= 1000) await onDevice(t, randomProblem(t, style), 0.75);
        }
      },
      needsTemperature,
    ),
  ),
  ...Object.entries(wide).map(([name, style]) =>
    quick(name, (t) => launchAndVerify(t, randomProblem(t, style), ["temperatureSlope"]), needsTemperature),
  ),
  ...Object.entries(hostileTerms).flatMap(([name, terms]) =>
    Object.entries(hostile)
      .filter(([rowName, row]) => meets(row, terms) && hasSlope(row, rowName))
      .map(([rowName, row]) =>
        quick(
          `row-${rowName}-${name}`,
          (t) => launchAndVerify(t, { ...surround(t, row), terms: { ...noTerms, ...terms } }, ["temperatureSlope"]),
          (facts) => needsTemperature(facts) ?? (row.nonFinite ? strictNonFinite(facts) : undefined),
        ),
      ),
  ),
  ...[17, 50].map((margin) =>
    quick(`confident-${margin}`, (t) => confident(t, margin, { inverseTemperature: 0.75 }), needsTemperature),
  ),
  quick(
    "with-a-gradient-over-the-logits",
    async (t) => {
      const problem = randomProblem(t, { ...sizes.digits, terms: termSets["every-term"]!, ignoreEvery: 5 });
      const logits = t.float(problem.logits);
      const given = { logits, gradient: logits };
      verify(t, problem, await launch(t, problem, ["rowLoss", "gradient", "temperatureSlope"], given));
    },
    needsTemperature,
  ),
  quick(
    "inner-class-axis",
    (t) => onDevice(t, randomProblem(t, { rows: 33, classes: 10, inner: 11, terms: termSets["every-term"]! }), 1.5),
    (facts) => needsTemperature(facts) ?? (facts.innerClass ? undefined : "innerClass is false"),
  ),
];
