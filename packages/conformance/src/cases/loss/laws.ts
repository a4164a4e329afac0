import { softmaxCrossEntropy, softmaxCrossEntropyGradient } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { sizeOf } from "../../oracle/nd-array.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import {
  eighths,
  expectedGradient,
  expectedLoss,
  type LossSetting,
  logitsOf,
  randomSetting,
  reducedBy,
  targetsOf,
} from "./setting.ts";

const { quick } = caseGroup("loss/law");

export interface Answer {
  readonly loss: ArrayLike<number>;
  readonly gradient: ArrayLike<number>;
}

/** Loss and gradient of a setting, read. */
export async function answer(t: CaseContext, setting: LossSetting): Promise<Answer> {
  let result: Answer | undefined;
  await inScope(t, async (scope) => {
    const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
    const loss = await t.read(softmaxCrossEntropy(z, targets, setting.options));
    result = { loss, gradient: await t.read(softmaxCrossEntropyGradient(z, targets, setting.options)) };
  });
  return result!;
}

/** Two answers that should be one, within what either may be wrong by in the first setting. */
export function agree(t: CaseContext, setting: LossSetting, one: Answer, other: Answer, what: string): void {
  const [loss, gradient] = [expectedLoss(setting), expectedGradient(setting)];
  const values = { ...loss.expected, values: other.loss };
  t.check(one.loss, values, betweenTwo(t.judge(loss.quantity)), `loss, ${what}`);
  const slopes = { ...gradient.expected, values: other.gradient };
  t.check(one.gradient, slopes, betweenTwo(t.judge(gradient.quantity)), `gradient, ${what}`);
}

const oneHot = (t: CaseContext, { labels, classes }: LossSetting) =>
  t.generate(labels!.length * classes, (d) => (labels![Math.floor(d / classes)] === d % classes ? 1 : 0));

/** The rows of a setting from `from` to `to`. */
export function rowsOf(setting: LossSetting, from: number, to: number): LossSetting {
  const { classes, logits, labels, probabilities, options } = setting;
  const rowWeights = (options.rowWeights as number[] | undefined)?.slice(from, to);
  const part = (list: ArrayLike<number>) => Array.from(list).slice(from * classes, to * classes);
  return {
    ...setting,
    batch: [to - from],
    logits: part(logits),
    labels: labels?.slice(from, to),
    probabilities: probabilities && part(probabilities),
    options: rowWeights ? { ...options, rowWeights } : options,
  };
}

/** docs/semantics.md §6, on the public API. */
export const lossLawCases: readonly Case[] = [
  ...[1e2, 1e4, 1e6].map((offset) =>
    quick(`shift-by-${offset}`, async (t) => {
      const setting = randomSetting(t, {});
      // Eighths, so that the shift itself is exact in float32.
      const logits = Array.from(setting.logits, (z) => Math.round(8 * z) / 8);
      const still = { ...setting, logits };
      const shifted = { ...setting, logits: logits.map((z) => z + offset) };
      agree(t, still, await answer(t, shifted), await answer(t, still), "shifted");
    }),
  ),
  quick("permuted-classes", async (t) => {
    const setting = randomSetting(t, { classWeights: eighths(5), labelSmoothing: 0.1 });
    const { classes, logits, labels, options } = setting;
    const order = [3, 0, 4, 1, 2];
    const moved = {
      ...setting,
      logits: Array.from(logits, (_, d) => logits[d - (d % classes) + order[d % classes]!]!),
      labels: labels!.map((label) => order.indexOf(label)),
      options: { ...options, classWeights: order.map((j) => eighths(5)[j]!) },
    };
    const { loss, gradient } = await answer(t, moved);
    const back = Array.from(gradient, (_, d) => gradient[d - (d % classes) + order.indexOf(d % classes)]!);
    agree(t, setting, { loss, gradient: back }, await answer(t, setting), "permuted");
  }),
  quick("chunks-of-rows-add-up", async (t) => {
    // Sums and weights add; a mean of means would count rows twice.
    const whole = randomSetting(t, { classWeights: eighths(5), ignoreIndex: -100, reduction: "sum" });
    const weights = eighths(5);
    const weight = ({ labels }: LossSetting): number =>
      labels!.reduce((sum, label) => sum + (label < 0 ? 0 : weights[label]!), 0);
    const parts = [rowsOf(whole, 0, 1), rowsOf(whole, 1, 4), rowsOf(whole, 4, 6)];
    const answers: Answer[] = [];
    for (const part of parts) answers.push(await answer(t, part));
    const total = answers.reduce((sum, { loss }) => sum + loss[0]!, 0);
    const gradient = answers.flatMap((part) => Array.from(part.gradient));
    agree(t, whole, { loss: [total], gradient }, await answer(t, whole), "in chunks");
    const mean = reducedBy(whole, "mean");
    const weightOfAll = parts.reduce((sum, part) => sum + weight(part), 0);
    const { expected, quantity } = expectedLoss(mean);
    t.check([total / weightOfAll], expected, betweenTwo(t.judge(quantity)), "Σ sums / Σ weights");
  }),
  quick("appended-ignored-rows-change-nothing", async (t) => {
    const setting = randomSetting(t, { ignoreIndex: -100, labelSmoothing: 0.1 });
    const nothing = t.facts.strictNonFinite ? Number.NaN : 1e30;
    const longer = {
      ...setting,
      batch: [8],
      logits: [...Array.from(setting.logits), ...Array<number>(10).fill(nothing)],
      labels: [...setting.labels!, -100, -100],
    };
    const { loss, gradient } = await answer(t, longer);
    const [rest, cut] = [Array.from(gradient).slice(30), Array.from(gradient).slice(0, 30)];
    t.check(rest, new Float64Array(10), t.judge("exact"), "gradient of the appended rows");
    agree(t, setting, { loss, gradient: cut }, await answer(t, setting), "with ignored rows");
  }),
  ...[0, 0.1].map((labelSmoothing) =>
    quick(`one-hot-probabilities-equal-labels${labelSmoothing > 0 ? "-smoothed" : ""}`, async (t) => {
      const setting = randomSetting(t, { labelSmoothing });
      const dense = { ...setting, labels: undefined, probabilities: oneHot(t, setting) };
      agree(t, setting, await answer(t, dense), await answer(t, setting), "as probabilities");
    }),
  ),
  quick("smoothing-0-and-weights-1-are-none", async (t) => {
    const setting = randomSetting(t, {});
    const same = { ...setting, options: { labelSmoothing: 0, classWeights: [1, 1, 1, 1, 1] } };
    agree(t, setting, await answer(t, same), await answer(t, setting), "with options that do nothing");
  }),
  quick("uniform-weights-scale-a-sum-and-leave-a-mean", async (t) => {
    for (const reduction of ["sum", "mean"] as const) {
      const setting = randomSetting(t, { reduction });
      const weighted = { ...setting, options: { reduction, classWeights: [2, 2, 2, 2, 2] } };
      const { loss, gradient } = await answer(t, weighted);
      const divided = reduction === "sum" ? 2 : 1;
      const part = (list: ArrayLike<number>) => Array.from(list, (value) => value / divided);
      agree(t, setting, { loss: part(loss), gradient: part(gradient) }, await answer(t, setting), reduction);
    }
  }),
  quick("the-gradient-of-a-row-sums-to-0", async (t) => {
    const setting = randomSetting(t, { reduction: "sum", ignoreIndex: -1, classWeights: eighths(5) });
    const { gradient } = await answer(t, setting);
    const { expected } = expectedGradient(setting);
    const rows = sizeOf(setting.batch);
    const sumOf = (list: ArrayLike<number>, r: number) =>
      Array.from(list)
        .slice(5 * r, 5 * r + 5)
        .reduce((a, b) => a + b, 0);
    const values = Array.from({ length: rows }, (_, r) => sumOf(gradient, r));
    const terms = Array.from({ length: rows }, (_, r) => sumOf(Array.from(expected.values, Math.abs), r) || 1);
    t.check(values, { values: new Float64Array(rows), scale: terms, terms }, t.judge("derived"), "Σ_j ∂z_j");
  }),
];
