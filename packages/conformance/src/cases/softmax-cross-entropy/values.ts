import type { Case } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { everyOutput, type LossOutput, launchAndVerify } from "./launch.ts";
import { type ProblemStyle, randomProblem, sizes } from "./random-problem.ts";

const group = caseGroup("kernel/softmax-cross-entropy");
const { quick, full } = group;

const subsets: readonly (readonly LossOutput[])[] = [
  ["rowLoss"],
  ["gradient"],
  ["state"],
  ["rowLoss", "gradient"],
  ["rowLoss", "state"],
  ["gradient", "state"],
  everyOutput,
];

const styles: Readonly<Record<string, ProblemStyle>> = {
  "one-class": { ...sizes.oneClass },
  "two-classes": { ...sizes.pair },
  "ten-classes": { ...sizes.digits },
  "many-rows": { ...sizes.manyRows, scale: 1 / 600 },
  "a-thousand-classes": { ...sizes.thousand },
  "longer-than-a-block": { ...sizes.overOneBlock },
  "nearly-equal-logits": { ...sizes.thousand, spread: 1e-3 },
  "widely-spread-logits": { ...sizes.thousand, spread: 60 },
  "negative-logits": { ...sizes.digits, offset: -40 },
  smoothing: { ...sizes.digits, smoothing: 0.1 },
  "smoothing-over-a-block": { ...sizes.overOneBlock, smoothing: 0.1 },
  "smoothing-tiny": { ...sizes.digits, smoothing: 1e-7 },
  "smoothing-half": { ...sizes.digits, smoothing: 0.5 },
  "smoothing-whole": { ...sizes.digits, smoothing: 1 },
  "class-weights": { ...sizes.digits, classWeights: true },
  "class-weights-and-smoothing": { ...sizes.digits, classWeights: true, smoothing: 0.2 },
  "row-scale": { ...sizes.digits, rowScale: true },
  "host-scale": { ...sizes.digits, scale: -2.5 },
  "host-scale-and-row-scale": { ...sizes.digits, scale: 0.125, rowScale: true },
  "scale-zero": { ...sizes.digits, scale: 0 },
  "ignored-rows": { ...sizes.digits, ignoreEvery: 3 },
  "ignored-rows-with-every-option": {
    ...sizes.digits,
    ignoreEvery: 4,
    classWeights: true,
    smoothing: 0.1,
    rowScale: true,
    scale: 0.5,
  },
  "every-row-ignored": { ...sizes.tiny, ignoreEvery: 1 },
  probabilities: { ...sizes.digits, targets: "probabilities" },
  "probabilities-of-two-classes": { ...sizes.pair, targets: "probabilities" },
  "probabilities-of-a-thousand": { ...sizes.thousand, targets: "probabilities" },
  "probabilities-over-a-block": { ...sizes.overOneBlock, targets: "probabilities" },
  "probabilities-smoothed": { ...sizes.digits, targets: "probabilities", smoothing: 0.1 },
  "probabilities-weighted": { ...sizes.digits, targets: "probabilities", classWeights: true },
  "probabilities-with-every-option": {
    ...sizes.digits,
    targets: "probabilities",
    classWeights: true,
    smoothing: 0.3,
    rowScale: true,
    scale: 3,
  },
  "no-rows": { rows: 0, classes: 10 },
};

const longStyles: Readonly<Record<string, ProblemStyle>> = {
  "a-vocabulary": { ...sizes.vocabulary },
  "a-vocabulary-smoothed": { ...sizes.vocabulary, smoothing: 0.1 },
  "a-vocabulary-of-probabilities": { ...sizes.vocabulary, targets: "probabilities" },
  "131072-classes": { ...sizes.largest },
  "131072-classes-nearly-equal": { ...sizes.largest, spread: 1e-3 },
  "131072-classes-of-probabilities": { ...sizes.largest, targets: "probabilities" },
  "65536-rows": { rows: 65_536, classes: 2 },
};

/** Values over random rows: every size, every option, every subset of the outputs. */
export const valueCases: readonly Case[] = [
  ...Object.entries(styles).map(([name, style]) => quick(name, (t) => launchAndVerify(t, randomProblem(t, style)))),
  ...Object.entries(longStyles).map(([name, style]) => full(name, (t) => launchAndVerify(t, randomProblem(t, style)))),
  ...subsets.map((wanted) =>
    quick(`only-${wanted.join("-and-")}`, async (t) => {
      await launchAndVerify(t, randomProblem(t, { ...sizes.digits, ignoreEvery: 5 }), wanted);
      await launchAndVerify(t, randomProblem(t, { ...sizes.digits, targets: "probabilities" }), wanted);
    }),
  ),
  quick("state-without-targets", (t) =>
    launchAndVerify(t, randomProblem(t, { ...sizes.digits, targets: "none" }), ["state"]),
  ),
  quick("state-without-targets-over-a-block", (t) =>
    launchAndVerify(t, randomProblem(t, { ...sizes.overOneBlock, targets: "none" }), ["state"]),
  ),
  ...(["labels", "probabilities"] as const).flatMap((targets) =>
    [3, 1].map((outer) =>
      quick(
        `inner-class-axis-${targets}-${outer}`,
        (t) =>
          launchAndVerify(
            t,
            randomProblem(t, { rows: outer * 11, classes: 10, inner: 11, targets, smoothing: 0.1, rowScale: true }),
          ),
        (facts) => (facts.innerClass ? undefined : "innerClass is false: core permutes the class axis to the end"),
      ),
    ),
  ),
];
