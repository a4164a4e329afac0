import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import type { FloatFormat } from "../../float-format.ts";
import type { LossProblem } from "../../oracle/softmax-cross-entropy.ts";
import { caseGroup } from "../define.ts";
import { launchAndVerify, launchBothWays } from "./launch.ts";

const { quick } = caseGroup("kernel/softmax-cross-entropy");

/** One row and its target, put between ordinary rows that it must not disturb. */
export interface HostileRow {
  readonly logits: (format: FloatFormat) => readonly number[];
  readonly label?: number;
  readonly probabilities?: readonly number[];
  readonly classWeights?: readonly number[];
  readonly smoothing?: number;
  readonly scale?: number;
  /** Whether NaN or an infinity goes in or comes out. */
  readonly nonFinite?: boolean;
}

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;
const row =
  (...logits: number[]): HostileRow["logits"] =>
  () =>
    logits;

/** docs/semantics.md §4, and hostile values beyond it. Three classes each, or ten. */
export const hostile: Readonly<Record<string, HostileRow>> = {
  "plus-minus-500-label-0": { logits: row(-500, 500, -500), label: 0 },
  "plus-minus-500-label-1": { logits: row(-500, 500, -500), label: 1 },
  "plus-minus-1e4": { logits: row(1e4, -1e4, 0), label: 2 },
  "plus-minus-1e30-right": { logits: row(1e30, -1e30, 0), label: 0 },
  "plus-minus-1e30-wrong": { logits: row(1e30, -1e30, 0), label: 1 },
  "plus-minus-the-largest-number": {
    logits: ({ largest }) => [0.9 * largest, -0.9 * largest, 0],
    label: 1,
    nonFinite: true,
  },
  "the-largest-number-at-the-label": { logits: ({ largest }) => [largest, -largest, 0], label: 0, nonFinite: true },
  "masked-by-minus-the-largest-number": { logits: ({ largest }) => [1, -largest, 0.5], label: 0 },
  "all-the-largest-number": { logits: ({ largest }) => [largest, largest, largest], label: 1 },
  "all-minus-the-largest-number": { logits: ({ largest }) => [-largest, -largest, -largest], label: 2 },
  "at-the-edge-of-exp": { logits: row(88, -88, 88.5), label: 0 },
  "eight-times-88.5": { logits: row(88.5, 88.5, 88.5, 88.5, 88.5, 88.5, 88.5, 88.5, 89, -104), label: 3 },
  "below-the-edge-of-exp": { logits: row(0, -86, -104), label: 0 },
  "offset-1e4": { logits: row(10_002, 9999, 10_000), label: 0 },
  "offset-1e6": { logits: row(1_000_002, 999_999, 1_000_000), label: 0 },
  "equal-at-1e6": { logits: row(1e6, 1e6, 1e6), label: 1 },
  "equal-at-1e8": { logits: row(1e8, 1e8, 1e8), label: 1 },
  "equal-at-zero": { logits: row(0, 0, 0), label: 2 },
  "zeros-of-both-signs": { logits: row(0, -0, 0), label: 1 },
  denormals: { logits: ({ smallestNormal }) => [smallestNormal / 4, -smallestNormal / 8, 0], label: 1 },
  "one-ulp-apart": { logits: ({ ulp }) => [1, 1 + ulp(1), 1 - ulp(0.5)], label: 0 },
  "one-ulp-apart-far-out": { logits: row(2 ** 24, 2 ** 24 - 1, 2 ** 24 - 2), label: 2 },
  "far-below-the-others-at-the-label": { logits: row(20, 19, -1e30), label: 2 },
  "far-below-the-others-at-one-of-ten": { logits: row(3, 2, -1e15, 1, 0, 5, 4, 3, 2, 1), label: 2 },
  "masked-by-minus-1e9": { logits: row(1, -1e9, 0.5), label: 0 },
  "all-masked-by-minus-1e9": { logits: row(-1e9, -1e9, -1e9), label: 1 },
  "one-class-left-by-minus-1e9": { logits: row(-1e9, -1e9, 3), label: 2 },
  "ties-at-the-maximum-last-label": { logits: row(2, -1, 2), label: 2 },
  "ties-at-the-maximum-first-label": { logits: row(2, -1, 2), label: 0 },
  "ties-of-ten": { logits: row(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), label: 9 },

  "minus-infinity-beside-the-label": { logits: row(-infinity, 0, 1), label: 1, nonFinite: true },
  "minus-infinity-at-the-label": { logits: row(-infinity, 0, 1), label: 0, nonFinite: true },
  "minus-infinity-with-smoothing": { logits: row(-infinity, 0, 1), label: 1, smoothing: 0.1, nonFinite: true },
  "minus-infinity-first": { logits: row(-infinity, -infinity, 1, 2, 3, 4, 5, 6, 7, 8), label: 4, nonFinite: true },
  "one-class-left": { logits: row(-infinity, 4, -infinity), label: 1, nonFinite: true },
  "one-class-left-and-not-the-label": { logits: row(-infinity, 4, -infinity), label: 2, nonFinite: true },
  "target-zero-at-minus-infinity": { logits: row(-infinity, 0, 1), probabilities: [0, 0.25, 0.75], nonFinite: true },
  "target-at-minus-infinity": { logits: row(-infinity, 0, 1), probabilities: [0.5, 0.25, 0.25], nonFinite: true },
  "weight-zero-at-minus-infinity": { logits: row(-infinity, 0, 1), label: 0, classWeights: [0, 1, 2], nonFinite: true },
  "all-minus-infinity": { logits: row(-infinity, -infinity, -infinity), label: 0, nonFinite: true },
  "all-minus-infinity-of-probabilities": {
    logits: row(-infinity, -infinity, -infinity),
    probabilities: [0, 0.5, 0.5],
    nonFinite: true,
  },
  "infinity-at-the-label": { logits: row(infinity, 0, 1), label: 0, nonFinite: true },
  "infinity-beside-the-label": { logits: row(infinity, 0, 1), label: 1, nonFinite: true },
  "two-infinities": { logits: row(infinity, 0, infinity), label: 1, nonFinite: true },
  "infinities-of-both-signs": { logits: row(infinity, -infinity, 1), label: 2, nonFinite: true },
  "infinity-with-probabilities": { logits: row(0, infinity, 1), probabilities: [0.5, 0.25, 0.25], nonFinite: true },
  "nan-first": { logits: row(nan, 0, 1), label: 1, nonFinite: true },
  "nan-in-the-middle": { logits: row(0, nan, 1), label: 0, nonFinite: true },
  "nan-last": { logits: row(0, 1, nan), label: 1, nonFinite: true },
  "nan-at-the-label": { logits: row(0, nan, 1), label: 1, nonFinite: true },
  "nan-beside-infinity": { logits: row(infinity, 0, nan), label: 1, nonFinite: true },
  "nan-among-minus-infinities": { logits: row(-infinity, nan, -infinity), label: 0, nonFinite: true },
  "nan-with-probabilities": { logits: row(0, 1, nan), probabilities: [1, 0, 0], nonFinite: true },
  "nan-among-the-targets": { logits: row(0, 1, 2), probabilities: [0.5, nan, 0.5], nonFinite: true },
  "nan-with-weight-zero": { logits: row(0, nan, 2), label: 1, classWeights: [1, 0, 1], nonFinite: true },
  "nan-where-smoothed": { logits: row(0, 1, nan), label: 0, smoothing: 0.1, nonFinite: true },
  "ignored-nan": { logits: row(nan, nan, nan), label: -1, nonFinite: true },
  "ignored-infinity": { logits: row(infinity, -infinity, 0), label: -1, nonFinite: true },
  "ignored-with-smoothing-and-weights": { logits: row(1, 2, 3), label: -1, smoothing: 0.5, classWeights: [1, 2, 3] },

  "targets-that-sum-to-2": { logits: row(1, 2, 3), probabilities: [1, 1, 0] },
  "targets-that-sum-to-a-half": { logits: row(1, 2, 3), probabilities: [0.25, 0.125, 0.125] },
  "targets-all-zero": { logits: row(1, 2, 3), probabilities: [0, 0, 0] },
  "targets-that-sum-to-zero": { logits: row(1, 2, 3), probabilities: [1, -1, 0] },
  "negative-target": { logits: row(1, 2, 3), probabilities: [-0.5, 1, 0.5] },
  "large-targets": { logits: row(1, 2, 3), probabilities: [1e6, 3e6, 0] },
  "tiny-targets": { logits: row(1, 2, 3), probabilities: [1e-30, 2e-30, 0] },
  "one-hot-at-the-maximum": { logits: row(1, 2, 30), probabilities: [0, 0, 1] },
  "one-hot-times-two-confident": { logits: row(0, 0, 40), probabilities: [0, 0, 2] },
  "weight-zero-at-the-label": { logits: row(1, 2, 3), label: 1, classWeights: [1, 0, 1] },
  "weights-all-zero": { logits: row(1, 2, 3), label: 1, classWeights: [0, 0, 0] },
  "weights-all-zero-smoothed": { logits: row(1, 2, 3), label: 1, smoothing: 0.1, classWeights: [0, 0, 0] },
  "weight-1e30": { logits: row(1, 2, 3), label: 1, classWeights: [1, 1e30, 1], scale: 1e-30 },
  "weight-1e-30": { logits: row(1, 2, 3), label: 1, classWeights: [1, 1e-30, 1] },
  "upstream-1e10": { logits: row(1, 2, 3), label: 1, scale: 1e10 },
  "upstream-minus-2": { logits: row(1, 2, 3), label: 1, scale: -2 },
};

const ordinaryLogits = [0.5, -1, 2, 1.25, -0.75, 3, -2, 0.125, 1, -0.5];

/** The row in second place among four of three classes, or in sixth among 33 of ten. */
export function surround(t: CaseContext, hostileRow: HostileRow): LossProblem {
  const special = hostileRow.logits(t.format);
  const classes = special.length;
  const [rows, place] = classes === 3 ? [4, 1] : [33, 5];
  const at = (d: number): readonly [number, number] => [Math.floor(d / classes), d % classes];
  const { label, probabilities, classWeights, smoothing = 0, scale = 1 } = hostileRow;
  return {
    rows,
    classes,
    logits: t.generate(rows * classes, (d) =>
      at(d)[0] === place ? special[at(d)[1]]! : ordinaryLogits[(at(d)[0] + at(d)[1]) % 10]!,
    ),
    labels:
      label === undefined
        ? undefined
        : Int32Array.from({ length: rows }, (_, r) => (r === place ? label : r % classes)),
    probabilities:
      probabilities && t.generate(rows * classes, (d) => (at(d)[0] === place ? probabilities[at(d)[1]]! : 0.25)),
    classWeights: classWeights && t.numbers(classWeights),
    smoothing,
    scale,
  };
}

/** Rows that other systems get wrong. */
export const hostileCases: readonly Case[] = [
  ...Object.entries(hostile).map(([name, hostileRow]) =>
    quick(
      `row-${name}`,
      (t) => launchBothWays(t, surround(t, hostileRow)),
      hostileRow.nonFinite ? strictNonFinite : undefined,
    ),
  ),
  quick("tail-below-half-an-ulp", (t) =>
    // Two leaders; each of the others is lost when it is added to them in float32, and all of them together count.
    launchAndVerify(t, {
      rows: 3,
      classes: 5000,
      logits: t.generate(15_000, (d) => (d % 5000 < 2 ? 0 : -17.5)),
      labels: [0, 1, 4999],
    }),
  ),
  quick(
    "whole-vocabulary-masked-but-one",
    (t) =>
      launchAndVerify(t, {
        rows: 3,
        classes: 5000,
        logits: t.generate(15_000, (d) => (d % 5000 === 4321 ? -1 : -infinity)),
        labels: [4321, 0, 4999],
      }),
    strictNonFinite,
  ),
  quick(
    "whole-blocks-masked",
    (t) =>
      // The first block of the first row and the last of the second hold nothing.
      launchAndVerify(t, {
        rows: 3,
        classes: 5000,
        logits: t.generate(15_000, (d) => (d < 4096 || (d >= 9096 && d < 10_000) ? -infinity : (d % 13) / 4)),
        labels: [4500, 3, 100],
      }),
    strictNonFinite,
  ),
  quick(
    "nan-in-a-late-block",
    (t) =>
      launchAndVerify(t, {
        rows: 3,
        classes: 5000,
        logits: t.generate(15_000, (d) => (d === 4990 || d === 10_001 ? nan : (d % 13) / 4)),
        labels: [0, 1, 2],
      }),
    strictNonFinite,
  ),
];
