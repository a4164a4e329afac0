import {
  crossEntropyTerms,
  type LossOptionName,
  type LossOptions,
  openDevice,
  softmaxCrossEntropy,
} from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import { rowReference } from "../../oracle/loss-row.ts";
import { sizeOf } from "../../oracle/nd-array.ts";
import type { RandomNumbers } from "../../random-numbers.ts";
import { requiredOnly } from "../../required-only.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import { scalarLoss } from "./derivatives.ts";
import { type Answer, agree, answer, rowsOf } from "./laws.ts";
import { type Hostility, randomStyle, withHostileValues } from "./random-losses.ts";
import {
  direction,
  expectedGradient,
  expectedLoss,
  type LossSetting,
  logitsOf,
  problemOf,
  randomSetting,
  reducedBy,
  targetsOf,
} from "./setting.ts";

const { quick, full } = caseGroup("loss/law-under-options");

/** A law of docs/semantics.md §6. */
interface Law {
  /** The options under which it does not hold. */
  readonly without?: readonly LossOptionName[];
  /** Whether it is one about such a setting; about every one if absent. */
  readonly holds?: (setting: LossSetting) => boolean;
  /** Whether logits may be hostile: the law says nothing of their size, and of NaN only that it stays. */
  readonly isHostile: boolean;
  check(t: CaseContext, setting: LossSetting, random: RandomNumbers): void | Promise<void>;
}

/** One axis of rows, labels of −100 in those that are ignored, and the rows' own weights spelt out. */
function flat(setting: LossSetting): LossSetting {
  const { batch, labels, options } = setting;
  const { ignoreIndex, ...rest } = options;
  const marks = ignoreIndex === undefined ? [] : [ignoreIndex].flat();
  const rows = sizeOf(batch);
  const own = labels?.map((label) => (marks.includes(label) ? -100 : label));
  return {
    ...setting,
    batch: [rows],
    labels: own,
    options: { ...rest, ...(own && { ignoreIndex: -100 }) } as LossOptions,
  };
}

function shuffled(length: number, random: RandomNumbers): number[] {
  const order = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Each row's classes in another order. */
function permuted(list: ArrayLike<number>, order: readonly number[]): number[] {
  const classes = order.length;
  return Array.from(list, (_, d) => list[d - (d % classes) + order[d % classes]!]!);
}

const times = (list: ArrayLike<number>, factor: number): number[] => Array.from(list, (value) => value * factor);

/** Sums of the numbers of each row. */
function rowSums(list: ArrayLike<number>, classes: number, of = (value: number): number => value): number[] {
  return Array.from({ length: list.length / classes }, (_, r) => {
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += of(list[r * classes + j]!);
    return sum;
  });
}

const laws: Readonly<Record<string, Law>> = {
  "a-common-offset-changes-nothing": {
    without: ["softcap", "zLoss"],
    isHostile: false,
    async check(t, setting, random) {
      // Eighths, so that the shift itself is exact in float32.
      const still = { ...setting, logits: Array.from(setting.logits, (z) => Math.round(8 * z) / 8) };
      const offset = [1e2, -1e3, 1e4, 1e5, -1e6][random.integer(5)]!;
      const shifted = { ...still, logits: still.logits.map((z) => z + offset) };
      agree(t, still, await answer(t, shifted), await answer(t, still), `shifted by ${offset}`);
    },
  },
  "classes-in-another-order": {
    isHostile: true,
    async check(t, drawn, random) {
      const setting = flat(drawn);
      const { classes, logits, labels, probabilities, options } = setting;
      const order = shuffled(classes, random);
      const weights = options.classWeights as readonly number[] | undefined;
      const moved = {
        ...setting,
        logits: permuted(logits, order),
        labels: labels?.map((label) => (label < 0 ? label : order.indexOf(label))),
        probabilities: probabilities && permuted(probabilities, order),
        options: { ...options, ...(weights && { classWeights: order.map((j) => weights[j]!) }) },
      };
      const back = order.map((_, j) => order.indexOf(j));
      const { loss, gradient } = await answer(t, moved);
      agree(t, setting, { loss, gradient: permuted(gradient, back) }, await answer(t, setting), "permuted");
    },
  },
  "chunks-of-rows-add-up": {
    holds: ({ batch, options }) => sizeOf(batch) > 1 && typeof options.denominator !== "number",
    isHostile: true,
    async check(t, drawn, random) {
      const setting = flat(drawn);
      const rows = sizeOf(setting.batch);
      const cut = 1 + random.integer(rows - 1);
      const [whole, ...parts] = [setting, rowsOf(setting, 0, cut), rowsOf(setting, cut, rows)].map((one) =>
        reducedBy(one, "sum"),
      );
      const answers: Answer[] = [];
      for (const part of parts) answers.push(await answer(t, part));
      const total = answers.reduce((sum, { loss }) => sum + loss[0]!, 0);
      const gradient = answers.flatMap((part) => Array.from(part.gradient));
      agree(t, whole!, { loss: [total], gradient }, await answer(t, whole!), `cut at ${cut}`);
      const weights: number[] = [];
      for (const one of [whole!, ...parts]) weights.push(await weightOf(t, one, drawn.options.denominator));
      const [all, ...some] = weights;
      t.check([some.reduce((a, b) => a + b, 0)], [all!], betweenTwo(t.judge("sum")), "Σ weights");
    },
  },
  "rows-that-do-not-count-change-nothing": {
    without: ["denominator"],
    isHostile: true,
    async check(t, drawn) {
      const setting = flat(drawn);
      const { classes, labels, probabilities, options, logits } = setting;
      const rows = sizeOf(setting.batch);
      const nothing = Array<number>(2 * classes).fill(t.facts.strictNonFinite ? Number.NaN : 1e30);
      const weights = (options.rowWeights as readonly number[] | undefined) ?? Array<number>(rows).fill(1);
      const isWeighted = options.rowWeights !== undefined || labels === undefined;
      const longer = {
        ...setting,
        batch: [rows + 2],
        logits: [...Array.from(logits), ...nothing],
        labels: labels && [...labels, -100, -100],
        probabilities: probabilities && [...Array.from(probabilities), ...nothing],
        options: { ...options, ...(isWeighted && { rowWeights: [...weights, 0, 0] }) },
      };
      const { loss, gradient } = await answer(t, longer);
      const isRows = options.reduction === "none";
      const cut = {
        loss: Array.from(loss).slice(0, isRows ? rows : 1),
        gradient: Array.from(gradient).slice(0, rows * classes),
      };
      agree(t, setting, cut, await answer(t, setting), "with two rows more");
      t.check(
        Array.from(gradient).slice(rows * classes),
        new Float64Array(2 * classes),
        t.judge("exact"),
        "their gradient",
      );
    },
  },
  "the-gradient-of-a-row-sums-to-what-z-loss-pulls": {
    without: ["softcap"],
    isHostile: true,
    async check(t, drawn) {
      const setting = reducedBy(flat(drawn), "sum");
      const problem = problemOf(setting);
      const { expected } = expectedGradient(setting);
      const { gradient } = await answer(t, setting);
      const rows = Array.from({ length: problem.rows }, (_, r) => rowReference(problem, r));
      const { zLoss = 0, inverseTemperature = 1 } = problem.terms ?? {};
      // S·Σp − Σ T is 0, also where a class with a target is masked.
      const values = rows.map(({ ignored, loss, lse, upstream }) =>
        ignored
          ? 0
          : Number.isNaN(loss)
            ? Number.NaN
            : zLoss === 0
              ? 0
              : upstream * 2 * zLoss * lse * inverseTemperature,
      );
      const size = rowSums(expected.terms as ArrayLike<number>, setting.classes, Math.abs).map((sum) => sum || 1);
      t.check(
        rowSums(gradient, setting.classes),
        { values, terms: size, scale: size },
        betweenTwo(t.judge("derived")),
        "Σ_j ∂z_j",
      );
    },
  },
  "the-gradient-of-a-row-is-bounded": {
    // With T ≥ 0: ‖∂z‖₁ ≤ 2·u·S/τ, and a cap only makes it less.
    without: ["zLoss", "focal", "poly"],
    isHostile: true,
    async check(t, drawn) {
      const setting = reducedBy(flat(drawn), "sum");
      const problem = problemOf(setting);
      const { gradient } = await answer(t, setting);
      for (const [r, norm] of rowSums(gradient, setting.classes, Math.abs).entries()) {
        const { mass, upstream, loss } = rowReference(problem, r);
        if (Number.isNaN(loss)) continue;
        const bound = 2 * Math.abs(upstream) * mass * (problem.terms?.inverseTemperature ?? 1);
        t.expect(norm <= bound * (1 + 1e-5), `row ${r}: ‖∂z‖₁ is ${norm}, above 2·u·S/τ = ${bound}`);
      }
    },
  },
  "no-loss-is-below-0": {
    isHostile: true,
    async check(t, drawn) {
      const setting = reducedBy(flat(drawn), "none");
      const { loss } = await answer(t, setting);
      const { expected } = expectedLoss(setting);
      // ν − r of a poly term of −1 cancels; nothing else does.
      const slack = (setting.options.poly ?? 0) < 0 ? 1e-6 : 0;
      for (const [r, value] of Array.from(loss).entries()) {
        const size = (expected.terms as ArrayLike<number>)[r]!;
        t.expect(!(value < -slack * size), `row ${r} has the loss ${value}, and none is below 0`);
      }
    },
  },
  "one-hot-probabilities-equal-labels": {
    without: ["focal", "poly"],
    holds: ({ labels }) => labels !== undefined,
    isHostile: true,
    async check(t, drawn) {
      const setting = reducedBy(flat(drawn), "sum");
      const { classes, labels, options } = setting;
      const { ignoreIndex: _, rowWeights, ...rest } = options;
      const weights = labels!.map((label, r) => (label < 0 ? 0 : ((rowWeights as number[] | undefined)?.[r] ?? 1)));
      const oneHot = t.generate(labels!.length * classes, (d) =>
        labels![Math.floor(d / classes)] === d % classes ? 1 : 0,
      );
      const dense = { ...setting, labels: undefined, probabilities: oneHot, options: { ...rest, rowWeights: weights } };
      agree(t, dense, await answer(t, dense), await answer(t, setting), "as probabilities");
    },
  },
  "weights-times-4-are-a-sum-times-4": {
    holds: ({ options }) => options.rowWeights !== undefined,
    isHostile: true,
    async check(t, drawn) {
      for (const reduction of ["sum", "mean"] as const) {
        const { denominator: _, ...options } = flat(drawn).options;
        const setting = reducedBy({ ...flat(drawn), options }, reduction);
        const heavy = {
          ...setting,
          options: { ...setting.options, rowWeights: times(options.rowWeights as number[], 4) },
        };
        const { loss, gradient } = await answer(t, heavy);
        const back = reduction === "sum" ? 1 / 4 : 1;
        const light = { loss: times(loss, back), gradient: times(gradient, back) };
        agree(t, setting, light, await answer(t, setting), `${reduction} by weights times 4`);
      }
    },
  },
  "logits-and-temperature-times-2-are-the-same-loss": {
    isHostile: true,
    async check(t, setting) {
      const { options, logits } = setting;
      const temperature = 2 * ((options.temperature as number | undefined) ?? 1);
      const hot = { ...setting, logits: times(logits, 2), options: { ...options, temperature } };
      const { loss, gradient } = await answer(t, hot);
      agree(t, setting, { loss, gradient: times(gradient, 2) }, await answer(t, setting), "twice as hot");
    },
  },
  "the-hessian-is-positive-semidefinite": {
    // A cap bends it, and so does the square of a lse below 0.
    without: ["softcap", "zLoss", "focal", "poly"],
    isHostile: false,
    check(t, drawn) {
      const setting = reducedBy(flat(drawn), "sum");
      const { classes } = setting;
      const v = direction(t, setting);
      return inScope(t, async (scope) => {
        const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
        const { products } = scope.hvp((y) => scalarLoss(y, targets, setting.options), z, scope.tensor(v, z.shape));
        const along = Array.from(await t.read(products), (product, d) => product * v[d]!);
        const sizes = rowSums(along, classes, Math.abs);
        for (const [r, form] of rowSums(along, classes).entries()) {
          t.expect(form >= -1e-5 * sizes[r]!, `row ${r}: vᵀ·H·v is ${form}, and the Hessian is positive semidefinite`);
        }
      });
    },
  },
  "fused-equals-derived": {
    isHostile: true,
    async check(t, setting) {
      const { name } = t.facts;
      const whole = { name, open: () => ({ ...t.backend, close: async () => {} }) };
      const device = await openDevice([requiredOnly(whole)]);
      try {
        await device.scoped(async (scope) => {
          const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
          const { options } = setting;
          const loss = await t.read(softmaxCrossEntropy(z, targets, options));
          const gradient = await t.read(scope.grad((y) => scalarLoss(y, targets, options), z));
          agree(t, setting, { loss, gradient }, await answer(t, setting), "derived");
        });
      } finally {
        await device.close();
      }
    },
  },
};

/** What a mean of the setting divides by, as the backend counts it. */
async function weightOf(t: CaseContext, setting: LossSetting, denominator: unknown): Promise<number> {
  const { reduction: _, denominator: __, ...options } = setting.options;
  let weight = 0;
  await inScope(t, async (scope) => {
    const divided = denominator === undefined ? {} : { denominator: denominator as "rows" };
    const parts = crossEntropyTerms(logitsOf(scope, setting), targetsOf(scope, setting), { ...options, ...divided });
    weight = (await t.read(parts.weight))[0]!;
  });
  return weight;
}

/** So many settings drawn from all that is legal, for which the law holds; where logits may be hostile, some or all are. */
async function drawn(
  t: CaseContext,
  { without = [], holds, isHostile, check }: Law,
  { count, hostility }: { readonly count: number; readonly hostility: Hostility },
): Promise<void> {
  const random = t.random("law");
  for (let found = 0; found < count; ) {
    const style = Object.entries(randomStyle(random)).filter(([name]) => !without.includes(name as LossOptionName));
    const setting = randomSetting(t, Object.fromEntries(style), random);
    if (holds?.(setting) === false) continue;
    found++;
    const isTame = !isHostile || (hostility === "finite" && found % 2 === 1);
    const logits = isTame ? setting.logits : withHostileValues(random, setting.logits, hostility);
    await check(t, { ...setting, logits }, random);
  }
}

/** docs/semantics.md §6 under temperature, cap, z-loss, focal, poly, smoothing, and weights of classes and rows. */
export const drawnLawCases: readonly Case[] = Object.entries(laws).flatMap(([name, law]) => [
  quick(name, (t) => drawn(t, law, { count: 12, hostility: "finite" })),
  full(`${name}-often`, (t) => drawn(t, law, { count: 200, hostility: "finite" })),
  ...(law.isHostile ? notFinite(name, law) : []),
]);

function notFinite(name: string, law: Law): readonly Case[] {
  const hostility = "not finite";
  return [
    quick(`${name}-not-finite`, (t) => drawn(t, law, { count: 6, hostility }), strictNonFinite),
    full(`${name}-not-finite-often`, (t) => drawn(t, law, { count: 100, hostility }), strictNonFinite),
  ];
}
