import { type Reduction, softmaxCrossEntropy, softmaxCrossEntropyGradient } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { softmaxCrossEntropy as oracle } from "../../oracle/softmax-cross-entropy.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { inScope, verify } from "../ops/op-case.ts";
import {
  expectedGradient,
  expectedLoss,
  type LossSetting,
  logitsOf,
  optionStyles,
  problemOf,
  randomSetting,
  reducedBy,
  targetsOf,
} from "./setting.ts";

const { quick } = caseGroup("loss/values");

export const reductions: readonly Reduction[] = ["none", "sum", "mean"];

/** A single example, a batch, and batches of more axes. */
const batches = { "one-example": [], batch: [6], "two-axes": [2, 3], "three-axes": [2, 1, 3] };

/** Value and gradient of a setting against the oracle. */
export async function checkLoss(t: CaseContext, setting: LossSetting): Promise<void> {
  await inScope(t, async (scope) => {
    const loss = softmaxCrossEntropy(logitsOf(scope, setting), targetsOf(scope, setting), setting.options);
    const { expected, quantity } = expectedLoss(setting);
    await verify(t, loss, expected, quantity, `loss, ${setting.options.reduction ?? "mean"}`);
  });
}

/** The gradient op of a setting against the oracle. */
export async function checkGradient(t: CaseContext, setting: LossSetting): Promise<void> {
  await inScope(t, async (scope) => {
    const gradient = softmaxCrossEntropyGradient(logitsOf(scope, setting), targetsOf(scope, setting), setting.options);
    const { expected, quantity } = expectedGradient(setting);
    await verify(t, gradient, expected, quantity, `gradient, ${setting.options.reduction ?? "mean"}`);
  });
}

/** With `upstream`, as a number or as a tensor, u multiplies each row. */
async function checkUpstream(t: CaseContext, setting: LossSetting): Promise<void> {
  const { rows, ...problem } = { ...problemOf(setting) };
  const random = t.random("upstream");
  const perRow = t.generate(rows, () => 0.5 + random.uniform());
  const quantity = expectedGradient(setting).quantity;
  await inScope(t, async (scope) => {
    const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
    const isRows = setting.options.reduction === "none";
    const upstream = isRows ? scope.tensor(perRow, setting.batch) : scope.tensor(-1.5);
    const byTensor = softmaxCrossEntropyGradient(z, targets, { ...setting.options, upstream });
    const both = perRow.map((u, r) => u * (problem.rowScale?.[r] ?? 1));
    const scaled = isRows ? { rowScale: both } : { scale: -1.5 * problem.scale! };
    const expected = oracle({ rows, ...problem, ...scaled }).gradient;
    t.check(await t.read(byTensor), expected, betweenTwo(t.judge(quantity)), "under a tensor");
    const byNumber = softmaxCrossEntropyGradient(z, targets, { ...setting.options, upstream: -1.5 });
    const negative = oracle({ rows, ...problem, scale: -1.5 * problem.scale! }).gradient;
    t.check(await t.read(byNumber), negative, t.judge(quantity), "under a number");
  });
}

/** `softmaxCrossEntropy` over batches, targets, options and reductions. */
export const lossValueCases: readonly Case[] = [
  ...Object.entries(batches).flatMap(([name, batch]) =>
    (["labels", "probabilities"] as const).map((targets) =>
      quick(`${name}-of-${targets}`, async (t) => {
        for (const reduction of reductions) await checkLoss(t, randomSetting(t, { batch, targets, reduction }));
      }),
    ),
  ),
  ...Object.entries(optionStyles).map(([name, style]) =>
    quick(name, async (t) => {
      for (const reduction of reductions) await checkLoss(t, reducedBy(randomSetting(t, style), reduction));
    }),
  ),
  quick("one-example-takes-its-label-bare-or-in-a-list", (t) =>
    inScope(t, async (scope) => {
      const z = scope.tensor([1, 2, 3]);
      const [bare, listed] = [softmaxCrossEntropy(z, { labels: 2 }), softmaxCrossEntropy(z, { labels: [2] })];
      t.same(await t.read(bare), await t.read(listed), "loss");
    }),
  ),
  quick("labels-in-the-batch-s-shape-or-flat", (t) =>
    inScope(t, async (scope) => {
      const setting = randomSetting(t, { batch: [2, 3] });
      const [z, flat] = [logitsOf(scope, setting), setting.labels!];
      const nested = [flat.slice(0, 3), flat.slice(3)];
      const forms = [flat, nested, Uint8Array.from(flat), BigInt64Array.from(flat, BigInt), Float64Array.from(flat)];
      const losses = forms.map((labels) => softmaxCrossEntropy(z, { labels }));
      const first = await t.read(losses[0]!);
      for (const loss of losses.slice(1)) t.same(await t.read(loss), first, "loss");
    }),
  ),
];

/** `softmaxCrossEntropyGradient` over the same, and under what comes from upstream. */
export const gradientValueCases: readonly Case[] = [
  ...Object.entries(batches).flatMap(([name, batch]) =>
    (["labels", "probabilities"] as const).map((targets) =>
      quick(`gradient-${name}-of-${targets}`, async (t) => {
        for (const reduction of reductions) await checkGradient(t, randomSetting(t, { batch, targets, reduction }));
      }),
    ),
  ),
  ...Object.entries(optionStyles).flatMap(([name, style]) => [
    quick(`gradient-${name}`, async (t) => {
      for (const reduction of reductions) await checkGradient(t, reducedBy(randomSetting(t, style), reduction));
    }),
    quick(`gradient-under-upstream-${name}`, async (t) => {
      for (const reduction of reductions) await checkUpstream(t, reducedBy(randomSetting(t, style), reduction));
    }),
  ]),
];
