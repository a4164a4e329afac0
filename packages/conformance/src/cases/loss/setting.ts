import type { LossOptions, Reduction, Scope, Shape, Targets, Tensor } from "@surprisal/core";
import type { CaseContext } from "../../case.ts";
import type { Expected } from "../../comparison.ts";
import type { FloatArray } from "../../float-format.ts";
import { type ExpectedArray, sizeOf } from "../../oracle/nd-array.ts";
import type { Terms } from "../../oracle/scaled-logits.ts";
import { type LossProblem, softmaxCrossEntropy } from "../../oracle/softmax-cross-entropy.ts";
import type { RandomNumbers } from "../../random-numbers.ts";
import type { Quantity } from "../../tolerance.ts";
import { tensors } from "../ops/op-case.ts";

/** A loss as a caller writes it: numbers, shapes and options. */
export interface LossSetting {
  /** The batch's shape: the logits' without the classes. */
  readonly batch: Shape;
  readonly classes: number;
  readonly logits: ArrayLike<number>;
  /** Row-major, ignored labels as the caller marks them. */
  readonly labels?: readonly number[] | undefined;
  readonly probabilities?: ArrayLike<number> | undefined;
  readonly options: LossOptions;
}

/** How to make up a setting. */
export interface LossStyle extends LossOptions {
  /** [6] if absent. */
  readonly batch?: Shape;
  /** 5 if absent. */
  readonly classes?: number;
  readonly targets?: "labels" | "probabilities";
  /** Standard deviation of the logits; 2 if absent. */
  readonly spread?: number;
  /** Whether rows have weights on the host. */
  readonly isRowWeighted?: boolean;
}

/** A random setting of that style, always the same one unless numbers to draw it from are given. Every third row has the first ignored label, if there is one, and NaN as logits. */
export function randomSetting(t: CaseContext, style: LossStyle, drawnFrom?: RandomNumbers): LossSetting {
  const { batch = [6], classes = 5, targets = "labels", spread = 2, ...rest } = style;
  const options = optionsFor(rest, batch);
  const random = drawnFrom ?? t.random(`${batch} ${classes}`);
  const rows = sizeOf(batch);
  const marks = options.ignoreIndex === undefined ? [] : [options.ignoreIndex].flat();
  const labels = Array.from({ length: rows }, (_, r) => {
    const label = random.integer(classes);
    return marks.length > 0 && r % 3 === 1 ? marks[(r - 1) % marks.length]! : label;
  });
  const skipped = (r: number): boolean => targets === "labels" && marks.includes(labels[r]!);
  const logits = t.generate(rows * classes, (d) => {
    const z = spread * random.normal();
    return skipped(Math.floor(d / classes)) && t.facts.strictNonFinite ? Number.NaN : z;
  });
  const probabilities = t.generate(rows * classes, (d) => ((d * 5) % 7 === 0 ? 0 : random.uniform()));
  return {
    batch,
    classes,
    logits,
    options,
    ...(targets === "labels" ? { labels } : { probabilities }),
  };
}

/** Weights that every format holds exactly, one of them 0. */
export function eighths(classes: number): number[] {
  return Array.from({ length: classes }, (_, j) => (j === classes - 1 ? 0 : 0.25 + ((j * 5) % 8) / 8));
}

/** The options of a style for a batch of that shape. */
export function optionsFor({ isRowWeighted, ...options }: Omit<LossStyle, "batch">, batch: Shape): LossOptions {
  return isRowWeighted ? { ...options, rowWeights: rowWeightsFor(sizeOf(batch)) } : options;
}

/** Weights of rows that every format holds exactly, every fifth of them 0. */
export function rowWeightsFor(rows: number): number[] {
  return Array.from({ length: rows }, (_, r) => (r % 5 === 2 ? 0 : 0.5 + ((r * 3) % 8) / 8));
}

/** The setting as the kernel's problem, for the oracle: rows, −1 for what is not read, weights, and the scale of the mean. */
export function problemOf(setting: LossSetting): LossProblem {
  const { batch, classes, logits, probabilities, options } = setting;
  const labels = liveLabels(setting);
  const rowWeights = options.rowWeights as readonly number[] | undefined;
  const weight = weightOf(setting, labels);
  const mean = (options.reduction ?? "mean") === "mean";
  return {
    rows: sizeOf(batch),
    classes,
    logits,
    labels: rowWeights ? labels?.map((label, r) => (rowWeights[r] === 0 ? -1 : label)) : labels,
    probabilities,
    ignored: probabilities && rowWeights?.map((weight) => weight === 0),
    classWeights: options.classWeights as readonly number[] | undefined,
    rowScale: rowWeights,
    smoothing: options.labelSmoothing ?? 0,
    scale: !mean ? 1 : weight === 0 ? 0 : 1 / weight,
    terms: termsOf(options),
  };
}

/** Labels with −1 for what is ignored. */
function liveLabels({ labels, options }: LossSetting): number[] | undefined {
  const marks = options.ignoreIndex === undefined ? [] : [options.ignoreIndex].flat();
  return labels?.map((label) => (marks.includes(label) ? -1 : label));
}

/** Terms as the kernel takes them, where there are any. */
export function termsOf(options: LossOptions): Terms | undefined {
  const { temperature = 1, softcap = 0, zLoss = 0, focal = 0, poly = 0 } = options;
  const terms = { inverseTemperature: 1 / (temperature as number), softcap, zLoss, focal, poly };
  return temperature === 1 && softcap === 0 && zLoss === 0 && focal === 0 && poly === 0 ? undefined : terms;
}

/** What the mean divides by (docs/semantics.md §3): weights r_i·w_{y_i} (labels) or r_i, live rows, rows, or a number. */
export function weightOf({ batch, options }: LossSetting, live: readonly number[] | undefined): number {
  const { denominator = "weights" } = options;
  if (typeof denominator === "number") return denominator;
  const rows = Array.from({ length: sizeOf(batch) }, (_, r) => r);
  if (denominator === "batch") return rows.length;
  const read = rows.filter((r) => live === undefined || live[r]! >= 0);
  if (denominator === "rows") return read.length;
  const [classWeights, rowWeights] = [options.classWeights, options.rowWeights] as (readonly number[] | undefined)[];
  const weight = (r: number): number => (rowWeights?.[r] ?? 1) * (live ? (classWeights?.[live[r]!] ?? 1) : 1);
  return read.reduce((sum, r) => sum + weight(r), 0);
}

/** Whether targets are more than one number a row: the tolerances differ. */
function isSoft({ probabilities, options }: LossSetting): boolean {
  return probabilities !== undefined || (options.labelSmoothing ?? 0) !== 0;
}

/** What the loss of a setting should be, and how it is judged. */
export function expectedLoss(setting: LossSetting): { readonly expected: ExpectedArray; readonly quantity: Quantity } {
  const problem = problemOf(setting);
  const { rowLoss } = softmaxCrossEntropy(problem);
  const weighted = (list: Expected["scale"]): number[] =>
    Array.from(list as ArrayLike<number>, (value, r) => {
      const weight = problem.rowScale?.[r] ?? 1;
      return weight === 0 ? 0 : Math.abs(weight) * value;
    });
  if (setting.options.reduction === "none") {
    if (!isComposed(setting)) {
      return { expected: { shape: setting.batch, ...rowLoss }, quantity: isSoft(setting) ? "soft loss" : "loss" };
    }
    const [values, terms] = [weighted(rowLoss.values), weighted(rowLoss.terms)];
    const scale = weighted(rowLoss.scale).map((size) => size || 1);
    return { expected: { shape: setting.batch, values, terms, scale }, quantity: "derived" };
  }
  const total = (list: Expected["scale"]): number =>
    problem.scale === 0 ? 0 : problem.scale! * weighted(list).reduce((a, b) => a + b, 0);
  const expected = {
    shape: [],
    values: [total(rowLoss.values)],
    terms: [total(rowLoss.terms)],
    scale: [Math.max(total(rowLoss.scale), Number.MIN_VALUE)],
  };
  return { expected, quantity: "derived" };
}

/** Whether core puts the row losses together from more than one kernel: row weights, and terms where they are derived. */
function isComposed({ options }: LossSetting): boolean {
  return options.rowWeights !== undefined || termsOf(options) !== undefined;
}

/** What the gradient by the logits should be. */
export function expectedGradient(setting: LossSetting): {
  readonly expected: ExpectedArray;
  readonly quantity: Quantity;
} {
  const { gradient } = softmaxCrossEntropy(problemOf(setting));
  const expected = { shape: [...setting.batch, setting.classes], ...gradient };
  if (termsOf(setting.options) !== undefined) return { expected, quantity: "derived" };
  return { expected, quantity: isSoft(setting) ? "soft gradient" : "gradient" };
}

/** The logits of a setting as a tensor. */
export function logitsOf(scope: Scope, { batch, classes, logits }: LossSetting): Tensor {
  return tensors(scope, [{ shape: [...batch, classes], data: logits }])[0]!;
}

/** The targets of a setting as the loss takes them. */
export function targetsOf(scope: Scope, { batch, classes, labels, probabilities }: LossSetting): Targets {
  if (labels) return { labels: Int32Array.from(labels) };
  return { probabilities: tensors(scope, [{ shape: [...batch, classes], data: probabilities! }])[0]! };
}

/** The same setting with another reduction; what only a mean divides by is left out of the others. */
export function reducedBy(setting: LossSetting, reduction: Reduction): LossSetting {
  return { ...setting, options: reducedOptions(setting.options, reduction) };
}

/** Options with another reduction. */
export function reducedOptions({ denominator, ...options }: LossOptions, reduction: Reduction): LossOptions {
  return reduction === "mean" && denominator !== undefined
    ? { ...options, reduction, denominator }
    : { ...options, reduction };
}

/** Random numbers like the logits, to multiply derivatives with. */
export function direction(t: CaseContext, setting: LossSetting, salt = "direction"): FloatArray {
  const random = t.random(salt);
  return t.generate(sizeOf(setting.batch) * setting.classes, random.normal);
}

/** Every combination of options that a case goes through, by name. */
export const optionStyles: Readonly<Record<string, LossStyle>> = {
  labels: {},
  "labels-smoothed": { labelSmoothing: 0.1 },
  "labels-smoothed-whole": { labelSmoothing: 1 },
  "labels-weighted": { classWeights: eighths(5) },
  "labels-ignored": { ignoreIndex: -100 },
  "labels-ignored-by-two-marks": { ignoreIndex: [-1, 255] },
  "labels-ignored-by-a-class": { ignoreIndex: 0 },
  "labels-weighted-and-smoothed": { classWeights: eighths(5), labelSmoothing: 0.2 },
  "labels-ignored-and-smoothed": { ignoreIndex: -100, labelSmoothing: 0.1 },
  "labels-ignored-and-weighted": { ignoreIndex: -100, classWeights: eighths(5) },
  "labels-with-every-option": { ignoreIndex: -100, classWeights: eighths(5), labelSmoothing: 0.3 },
  probabilities: { targets: "probabilities" },
  "probabilities-smoothed": { targets: "probabilities", labelSmoothing: 0.1 },
  "probabilities-weighted": { targets: "probabilities", classWeights: eighths(5) },
  "probabilities-with-every-option": { targets: "probabilities", classWeights: eighths(5), labelSmoothing: 0.3 },
  ...rowWeightStyles(),
  ...termStyles(),
};

/** Weights of rows, and what a mean divides by. */
function rowWeightStyles(): Record<string, LossStyle> {
  const weighted: LossStyle = { isRowWeighted: true, classWeights: eighths(5), ignoreIndex: -100 };
  return {
    "labels-row-weighted": { isRowWeighted: true },
    "labels-row-weighted-with-every-option": { ...weighted, labelSmoothing: 0.2 },
    "labels-over-the-live-rows": { ...weighted, denominator: "rows" },
    "labels-over-the-batch": { ...weighted, denominator: "batch" },
    "labels-over-a-number": { ignoreIndex: -100, denominator: 2.5 },
    "labels-over-0": { denominator: 0 },
    "probabilities-row-weighted": { targets: "probabilities", isRowWeighted: true, classWeights: eighths(5) },
    "probabilities-over-the-batch": { targets: "probabilities", isRowWeighted: true, denominator: "batch" },
  };
}

/** Each further term by each kind of target it goes with; pairs; and all. */
function termStyles(): Record<string, LossStyle> {
  const any: Record<string, LossStyle> = {
    "z-loss": { zLoss: 0.25 },
    temperature: { temperature: 0.7 },
    softcap: { softcap: 3 },
    "z-loss-and-temperature": { zLoss: 0.01, temperature: 2 },
    "softcap-and-temperature": { softcap: 4, temperature: 0.5 },
  };
  const oneLabel: Record<string, LossStyle> = {
    focal: { focal: 2 },
    "focal-below-1": { focal: 0.5 },
    "focal-of-1": { focal: 1 },
    poly: { poly: 1 },
    "poly-of-minus-1": { poly: -1 },
    "focal-and-poly": { focal: 1.5, poly: 0.5 },
  };
  const every: LossStyle = { zLoss: 0.1, temperature: 1.5, softcap: 5, classWeights: eighths(5), isRowWeighted: true };
  const styles: Record<string, LossStyle> = {
    "labels-with-every-term": { ...every, focal: 2, poly: 1, ignoreIndex: -100 },
    "labels-smoothed-with-every-term": { ...every, labelSmoothing: 0.1, ignoreIndex: -100 },
    "probabilities-with-every-term": { ...every, labelSmoothing: 0.1, targets: "probabilities" },
  };
  for (const [name, style] of Object.entries(any)) {
    styles[`labels-${name}`] = style;
    styles[`labels-smoothed-${name}`] = { ...style, labelSmoothing: 0.1, classWeights: eighths(5) };
    styles[`probabilities-${name}`] = { ...style, targets: "probabilities" };
  }
  for (const [name, style] of Object.entries(oneLabel)) {
    styles[`labels-${name}`] = style;
    styles[`labels-weighted-${name}`] = { ...style, classWeights: eighths(5), ignoreIndex: -1, zLoss: 0.02 };
  }
  return styles;
}

/** The styles whose derivatives have closed forms in the oracle. */
export const closedFormStyles: Readonly<Record<string, LossStyle>> = Object.fromEntries(
  Object.entries(optionStyles).filter(([, style]) => termsOf(style) === undefined),
);
