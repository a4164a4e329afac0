import {
  type LossOptions,
  type Scope,
  softmaxCrossEntropyGradient,
  sum,
  type Targets,
  type Tensor,
} from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import type { Expected } from "../../comparison.ts";
import { softmaxCrossEntropy as oracle } from "../../oracle/softmax-cross-entropy.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { checkDifferences, needsFloat64 } from "../gradients/differences.ts";
import { type Application, inScope } from "../ops/op-case.ts";
import { scalarLoss } from "./derivatives.ts";
import {
  expectedGradient,
  expectedLoss,
  type LossSetting,
  type LossStyle,
  logitsOf,
  optionStyles,
  problemOf,
  randomSetting,
  reducedBy,
  reducedOptions,
  rowWeightsFor,
  targetsOf,
  weightOf,
} from "./setting.ts";
import { reductions } from "./values.ts";

const { full, quick } = caseGroup("loss/device-options");

/** Row weights and the temperature as tensors of the scope, in place of the numbers in a setting's options. */
function onDevice(scope: Scope, { options, batch }: LossSetting): { r: Tensor; tau: Tensor; rest: LossOptions } {
  const { rowWeights, temperature, ...rest } = options;
  return { r: scope.tensor(rowWeights as number[], batch), tau: scope.tensor(temperature as number), rest };
}

/** The setting of a style with weights of rows and a temperature, on the host for the oracle. */
function settingWithBoth(t: CaseContext, style: LossStyle): LossSetting {
  const temperature = t.numbers([(style.temperature as number | undefined) ?? 0.75])[0]!;
  return randomSetting(t, { ...style, isRowWeighted: true, temperature });
}

const sumOf = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

/** ∂L/∂r_i: ℓ_i for a sum; (ℓ_i − ω_i·L)/D for a mean by D = Σ r_i·ω_i, by the quotient rule; ℓ_i/D where D is given. */
function weightSlopes(setting: LossSetting): Expected {
  const { labels, options, probabilities } = setting;
  // A row of weight 0 is read here: its loss is its slope.
  const read = { ...setting, options: { ...options, rowWeights: undefined as never } };
  const rows = oracle(problemOf(read)).rowLoss;
  const losses = Array.from(rows.values);
  const sizes = Array.from(rows.terms as ArrayLike<number>, (size) => size + 1);
  const weights = options.rowWeights as readonly number[];
  const isMean = (options.reduction ?? "mean") === "mean";
  const live = problemOf(read).labels as readonly number[] | undefined;
  const denominator = isMean ? weightOf(setting, live) : 1;
  const isByWeight = isMean && (options.denominator ?? "weights") === "weights";
  const scale = denominator === 0 ? 0 : 1 / denominator;
  const mean = scale * sumOf(losses.map((loss, i) => (weights[i] === 0 ? 0 : weights[i]! * loss)));
  const size = scale * sumOf(sizes.map((value, i) => weights[i]! * value));
  const classWeights = options.classWeights as readonly number[] | undefined;
  const omega = (i: number): number =>
    probabilities !== undefined ? 1 : live![i]! < 0 ? 0 : (classWeights?.[labels![i]!] ?? 1);
  const values = losses.map((loss, i) => scale * (loss - (isByWeight ? omega(i) * mean : 0)));
  const terms = sizes.map((value, i) => scale * (value + (isByWeight ? omega(i) * size : 0)) || 1);
  return { values, scale: terms, terms };
}

/** ∂L/∂τ = −Σ G·z/τ over the live rows. */
function temperatureSlope({ logits, options }: LossSetting, gradient: Expected): Expected {
  const tau = options.temperature as number;
  const [values, terms] = [Array.from(gradient.values), gradient.terms as ArrayLike<number>];
  const products = values.map((g, d) => (g === 0 ? 0 : (-g * logits[d]!) / tau));
  const sizes = values.map((g, d) => (g === 0 ? 0 : ((Math.abs(g) + terms[d]!) * (1 + Math.abs(logits[d]!))) / tau));
  const size = sumOf(sizes) || 1;
  return { values: [sumOf(products)], scale: [size], terms: [size] };
}

async function checkValues(t: CaseContext, setting: LossSetting): Promise<void> {
  const { expected } = expectedLoss(setting);
  const gradient = expectedGradient(setting).expected;
  const sized = (given: Expected): Expected => {
    const terms = Array.from(given.terms as ArrayLike<number>, (size, i) => size + Math.abs(given.values[i]!) || 1);
    return { ...given, terms, scale: terms };
  };
  await inScope(t, async (scope) => {
    const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
    const { r, tau, rest } = onDevice(scope, setting);
    const loss = (y: Tensor, weights: Tensor, temperature: Tensor): Tensor =>
      scalarLoss(y, targets, { ...rest, rowWeights: weights, temperature });
    const { value, gradients } = scope.valueAndGrad(([y, w, s]) => loss(y!, w!, s!), [z, r, tau]);
    const whole = setting.options.reduction === "none" ? expectedLoss(reducedBy(setting, "sum")).expected : expected;
    const judgement = betweenTwo(t.judge("derived"));
    t.check(await t.read(value), sized(whole), judgement, "loss");
    t.check(await t.read(gradients[0]!), sized(gradient), judgement, "gradient by the logits");
    t.check(await t.read(gradients[1]!), weightSlopes(setting), judgement, "gradient by the row weights");
    t.check(await t.read(gradients[2]!), temperatureSlope(setting, gradient), judgement, "gradient by the temperature");
    const options = { ...rest, rowWeights: r, temperature: tau };
    const byOp = softmaxCrossEntropyGradient(z, targets, options);
    t.check(await t.read(byOp), sized(gradient), judgement, "the gradient op");
  });
}

/** The loss of a style, or its gradient, by logits, probabilities, row weights and temperature, for differences. */
async function checkEveryDerivative(t: CaseContext, style: LossStyle, ofGradient: boolean): Promise<void> {
  const { targets = "labels", batch: _, isRowWeighted: __, temperature: ___, ...options } = style;
  const mark = options.ignoreIndex === undefined ? 4 : [options.ignoreIndex].flat()[0]!;
  const shapes = [[2, 5], [], [2], ...(targets === "labels" ? [] : [[2, 5]])];
  const application: Application = {
    shapes,
    numbers: (random, i, input) =>
      [1.5 * random.normal(), 0.75 + random.uniform() / 2, 0.5 + i, 0.1 + random.uniform()][input]!,
    apply: (z, temperature, rowWeights, q) => {
      const given: Targets = q === undefined ? { labels: [2, mark] } : { probabilities: q };
      const all = {
        ...reducedOptions(options, options.reduction!),
        temperature: temperature!,
        rowWeights: rowWeights!,
      };
      return ofGradient ? softmaxCrossEntropyGradient(z!, given, all) : scalarLoss(z!, given, all);
    },
  };
  // The second derivatives of the loss have been the first of its gradient.
  await checkDifferences(t, application, { orders: ofGradient ? [1] : [1, 2], elements: 5 });
}

/** Row weights and temperature on the device: values, slopes by them, and all mixed second derivatives. */
export const deviceOptionCases: readonly Case[] = [
  ...Object.entries(optionStyles).flatMap(([name, style]) => [
    quick(`values-${name}`, async (t) => {
      for (const reduction of reductions) await checkValues(t, reducedBy(settingWithBoth(t, style), reduction));
    }),
    quick(`differences-${name}`, (t) => checkEveryDerivative(t, { ...style, reduction: "mean" }, false), needsFloat64),
    full(
      `differences-${name}-of-the-gradient`,
      (t) => checkEveryDerivative(t, { ...style, reduction: "mean" }, true),
      needsFloat64,
    ),
  ]),
  quick("weights-that-sum-to-0-have-mean-0", (t) =>
    inScope(t, async (scope) => {
      const setting = randomSetting(t, {});
      const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
      const r = scope.tensor([0, 0, 0, 0, 0, 0]);
      const { value, gradients } = scope.valueAndGrad((y) => scalarLoss(y, targets, { rowWeights: r }), z);
      t.same(await t.read(value), [0], "mean");
      t.check(await t.read(gradients), new Float64Array(z.size), t.judge("exact"), "gradient");
    }),
  ),
  quick("weights-below-0-reward-their-rows", (t) =>
    inScope(t, async (scope) => {
      // As a policy gradient takes them: advantages of either sign, over the number of rows.
      const setting = randomSetting(t, {});
      const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
      const signs = rowWeightsFor(6).map((weight, i) => (i % 2 === 0 ? weight : -weight));
      const { rowLoss } = oracle(problemOf(setting));
      const value = sumOf(signs.map((sign, i) => (sign * rowLoss.values[i]!) / 6));
      const terms = sumOf(signs.map((sign, i) => (Math.abs(sign) * rowLoss.values[i]!) / 6));
      for (const rowWeights of [signs, scope.tensor(signs)]) {
        const loss = scalarLoss(z, targets, { rowWeights, denominator: "rows" });
        t.check(await t.read(sum(loss)), { values: [value], terms, scale: terms }, t.judge("derived"), "loss");
      }
    }),
  ),
];
