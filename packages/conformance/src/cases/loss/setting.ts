import type { LossOptions, Reduction, Scope, Shape, Targets, Tensor } from "@surprisal/core";
import type { CaseContext } from "../../case.ts";
import type { Expected } from "../../comparison.ts";
import type { FloatArray } from "../../float-format.ts";
import { type ExpectedArray, sizeOf } from "../../oracle/nd-array.ts";
import { type LossProblem, softmaxCrossEntropy } from "../../oracle/softmax-cross-entropy.ts";
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
}

/** A random setting of that style. Every third row has the first ignored label, if there is one, and NaN as logits. */
export function randomSetting(t: CaseContext, style: LossStyle): LossSetting {
  const { batch = [6], classes = 5, targets = "labels", spread = 2, ...options } = style;
  const random = t.random(`${batch} ${classes}`);
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

/** The setting as the kernel's problem, for the oracle: rows, −1 for what is ignored, and the scale of the mean. */
export function problemOf({ batch, classes, logits, labels, probabilities, options }: LossSetting): LossProblem {
  const marks = options.ignoreIndex === undefined ? [] : [options.ignoreIndex].flat();
  const weights = options.classWeights as readonly number[] | undefined;
  const live = labels?.map((label) => (marks.includes(label) ? -1 : label));
  const weight = weightOf({ batch, live, weights });
  const mean = (options.reduction ?? "mean") === "mean";
  return {
    rows: sizeOf(batch),
    classes,
    logits,
    labels: live,
    probabilities,
    classWeights: weights,
    smoothing: options.labelSmoothing ?? 0,
    scale: !mean ? 1 : weight === 0 ? 0 : 1 / weight,
  };
}

/** What the mean divides by: Σ of the labels' weights over the live rows; with probabilities the number of rows. */
function weightOf(rows: {
  readonly batch: Shape;
  readonly live: readonly number[] | undefined;
  readonly weights: readonly number[] | undefined;
}): number {
  if (!rows.live) return sizeOf(rows.batch);
  return rows.live.reduce((sum, label) => sum + (label < 0 ? 0 : (rows.weights?.[label] ?? 1)), 0);
}

/** Whether targets are more than one number a row: the tolerances differ. */
function isSoft({ probabilities, options }: LossSetting): boolean {
  return probabilities !== undefined || (options.labelSmoothing ?? 0) !== 0;
}

/** What the loss of a setting should be, and how it is judged. */
export function expectedLoss(setting: LossSetting): { readonly expected: ExpectedArray; readonly quantity: Quantity } {
  const problem = problemOf(setting);
  const { rowLoss } = softmaxCrossEntropy(problem);
  if (setting.options.reduction === "none") {
    return { expected: { shape: setting.batch, ...rowLoss }, quantity: isSoft(setting) ? "soft loss" : "loss" };
  }
  const total = (list: Expected["scale"]): number =>
    problem.scale === 0 ? 0 : problem.scale! * Array.from(list as ArrayLike<number>).reduce((a, b) => a + b, 0);
  const expected = {
    shape: [],
    values: [total(rowLoss.values)],
    terms: [total(rowLoss.terms)],
    scale: [Math.max(total(rowLoss.scale), Number.MIN_VALUE)],
  };
  return { expected, quantity: "derived" };
}

/** What the gradient by the logits should be. */
export function expectedGradient(setting: LossSetting): {
  readonly expected: ExpectedArray;
  readonly quantity: Quantity;
} {
  const { gradient } = softmaxCrossEntropy(problemOf(setting));
  const expected = { shape: [...setting.batch, setting.classes], ...gradient };
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

/** The same setting with another reduction. */
export function reducedBy(setting: LossSetting, reduction: Reduction): LossSetting {
  return { ...setting, options: { ...setting.options, reduction } };
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
};
