import { type CrossEntropyTermsOptions, crossEntropyTerms, div, type Scope, type Tensor } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { type LossReference, softmaxCrossEntropy as oracle } from "../../oracle/softmax-cross-entropy.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import { verifyDiagnostics, verifyState } from "../softmax-cross-entropy/launch.ts";
import { rowsOf } from "./laws.ts";
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
  termsOf,
} from "./setting.ts";

const { quick } = caseGroup("loss/terms");

/** The options of a setting as `crossEntropyTerms` takes them. */
function partsOf(scope: Scope, setting: LossSetting, more: CrossEntropyTermsOptions = {}) {
  const { reduction: _, denominator, ...options } = setting.options;
  const counted = typeof denominator === "number" || denominator === undefined ? {} : { denominator };
  return crossEntropyTerms(logitsOf(scope, setting), targetsOf(scope, setting), { ...options, ...counted, ...more });
}

/** Rows, sum, weight and state of a setting against the oracle. */
export async function checkParts(t: CaseContext, setting: LossSetting): Promise<void> {
  const reference = oracle(problemOf(setting));
  await inScope(t, async (scope) => {
    const before = t.backend.usage.live;
    const parts = partsOf(scope, setting);
    const made = t.backend.usage.live - before;
    // Logits, targets and class weights are the setting's; four results stay.
    t.expect(made <= 6, `${made} handles are left, and four parts were asked for`);
    const judgement = betweenTwo(t.judge("derived"));
    const [rows, total] = [expectedLoss(reducedBy(setting, "none")), expectedLoss(reducedBy(setting, "sum"))];
    const sized = (expected: typeof rows.expected) => {
      const terms = Array.from(expected.terms as ArrayLike<number>, (x, i) => x + Math.abs(expected.values[i]!) || 1);
      return { ...expected, terms, scale: terms };
    };
    t.check(await t.read(parts.rows), sized(rows.expected), judgement, "rows");
    t.check(await t.read(parts.sum), sized(total.expected), judgement, "sum");
    const { scale } = problemOf(reducedBy(setting, "mean"));
    if (typeof setting.options.denominator !== "number") {
      const weight = scale === 0 ? 0 : 1 / scale!;
      t.check(await t.read(parts.weight), [weight], betweenTwo(t.judge("sum")), "weight");
    }
    const isComposed = termsOf(setting.options) !== undefined;
    verifyState(t, reference, await t.read(parts.state), isComposed ? "derived" : "state", isComposed);
  });
}

/** Any split of the rows gives the sums and weights of the whole, and so its mean and gradient. */
async function addsUp(t: CaseContext, setting: LossSetting): Promise<void> {
  const mean = reducedBy(setting, "mean");
  await inScope(t, async (scope) => {
    const parts = [rowsOf(mean, 0, 1), rowsOf(mean, 1, 4), rowsOf(mean, 4, 6)];
    let [sum, weight, correct] = [0, 0, 0];
    for (const part of parts) {
      const found = partsOf(scope, part, { diagnostics: ["correct"] });
      sum += (await t.read(found.sum))[0]!;
      weight += (await t.read(found.weight))[0]!;
      correct += (await t.read(found.diagnostics.correct!))[0]!;
    }
    const { expected } = expectedLoss(mean);
    const size = Math.abs(expected.values[0]!) + (expected.terms as number[])[0]! || 1;
    const judgement = betweenTwo(t.judge("derived"));
    const quotient = weight === 0 ? 0 : sum / weight;
    t.check([quotient], { ...expected, terms: [size], scale: [size] }, judgement, "Σ sums / Σ weights");
    const whole = partsOf(scope, mean, { diagnostics: ["correct"] });
    t.check([correct], await t.read(whole.diagnostics.correct!), t.judge("exact"), "Σ correct");
    // mean = sum/weight is differentiable as it stands.
    const { denominator, reduction: _, ...options } = mean.options;
    if (weight === 0) return;
    const targets = targetsOf(scope, mean);
    const quotientOf = (z: Tensor): Tensor => {
      const { sum: total, weight: divisor } = crossEntropyTerms(z, targets, {
        ...options,
        ...(denominator && { denominator: denominator as "rows" }),
      });
      return div(total, divisor);
    };
    const { expected: slopes, quantity } = expectedGradient(mean);
    const derived = { ...t.judge(quantity === "derived" ? "derived" : "soft gradient") };
    const gradient = scope.grad(quotientOf, logitsOf(scope, mean));
    t.check(await t.read(gradient), { ...slopes, terms: scaleTerms(slopes.scale) }, betweenTwo(derived), "gradient");
  });
}

const scaleTerms = (scale: ArrayLike<number> | number | undefined): ArrayLike<number> | number => scale ?? 1;

/** Every diagnostic of a setting against the oracle. */
export async function checkDiagnostics(t: CaseContext, setting: LossSetting): Promise<void> {
  const problem = problemOf(setting);
  const reference = oracle(problem);
  const column = (of: keyof LossReference, i: number): number[] =>
    Array.from({ length: problem.rows }, (_, r) => reference[of].values[3 * r + i]!);
  const ranks = column("diagnostics", 0);
  await inScope(t, async (scope) => {
    const { diagnostics } = partsOf(scope, setting, { diagnostics: true, topK: 2 });
    const count = (keep: (rank: number) => boolean): number => ranks.filter((rank) => rank >= 0 && keep(rank)).length;
    const exact = async (tensor: Tensor, value: number, name: string): Promise<void> =>
      t.check(await t.read(tensor), [value], t.judge("exact"), name);
    await exact(
      diagnostics.correct!,
      count((rank) => rank === 0),
      "correct",
    );
    await exact(
      diagnostics.topK!,
      count((rank) => rank < 2),
      "top 2",
    );
    const bad = Array.from(reference.rowLoss.values).map((value) => !Number.isFinite(t.format.round(value)));
    await exact(diagnostics.nonFinite!.count, bad.filter(Boolean).length, "non-finite rows");
    await exact(diagnostics.nonFinite!.first, bad.indexOf(true), "the first of them");
    const [m, rest] = [column("state", 0), column("state", 2)];
    const lse = m.map((value, r) => value + Math.log1p(rest[r]!));
    const size = m.map((value, r) => (Number.isFinite(lse[r]!) ? Math.abs(value) + Math.abs(lse[r]!) + 1 : 1));
    t.check(
      await t.read(diagnostics.logSumExp!),
      { values: lse, terms: size, scale: size },
      t.judge("derived"),
      "log-sum-exp",
    );
    const [entropy, margin] = [await t.read(diagnostics.entropy!), await t.read(diagnostics.margin!)];
    const interleaved = ranks.flatMap((rank, r) => [rank, entropy[r]!, margin[r]!]);
    verifyDiagnostics(t, sizedDiagnostics(reference), interleaved, "derived");
  });
}

/** Derived entropies are sums of p·log p, each of which is rounded. */
function sizedDiagnostics(reference: LossReference): LossReference {
  const { values, terms } = reference.diagnostics;
  const size = Array.from(terms as ArrayLike<number>, (term) => 2 + 2 * term);
  return { ...reference, diagnostics: { values, terms: size, scale: size } };
}

/** `crossEntropyTerms`: parts, additivity, diagnostics. */
export const partsCases: readonly Case[] = [
  ...Object.entries(optionStyles).flatMap(([name, style]) => [
    quick(`parts-${name}`, (t) => checkParts(t, randomSetting(t, style))),
    // A number as denominator belongs to the whole and does not add up.
    ...(typeof style.denominator === "number"
      ? []
      : [quick(`adds-up-${name}`, (t) => addsUp(t, randomSetting(t, style)))]),
    quick(`diagnostics-${name}`, (t) => checkDiagnostics(t, randomSetting(t, style))),
  ]),
  quick("only-what-is-asked-for", (t) =>
    inScope(t, (scope) => {
      const setting = randomSetting(t, {});
      const { diagnostics } = partsOf(scope, setting, { diagnostics: ["margin"] });
      const found = Object.entries(diagnostics).flatMap(([name, value]) => (value === undefined ? [] : [name]));
      t.expect(found.join() === "margin", `asked for margin, and got ${found}`);
    }),
  ),
  quick("diagnostics-of-an-empty-batch", (t) =>
    inScope(t, async (scope) => {
      const { sum, weight, rows, diagnostics } = crossEntropyTerms(
        scope.tensor([], [0, 3]),
        { labels: [] },
        { diagnostics: true },
      );
      t.check(await t.read(sum), [0], t.judge("exact"), "sum");
      t.check(await t.read(weight), [0], t.judge("exact"), "weight");
      t.expect(rows.shape.join() === "0", `rows have the shape [${rows.shape}], not [0]`);
      t.check(await t.read(diagnostics.correct!), [0], t.judge("exact"), "correct");
      t.check(await t.read(diagnostics.nonFinite!.first), [-1], t.judge("exact"), "first");
    }),
  ),
];
