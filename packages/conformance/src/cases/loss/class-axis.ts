import {
  crossEntropyTerms,
  type LossOptions,
  type Scope,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  type Targets,
  type Tensor,
  transpose,
} from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { lossHessianVector } from "../../oracle/softmax-cross-entropy.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { checkDifferences, needsFloat64 } from "../gradients/differences.ts";
import { inScope } from "../ops/op-case.ts";
import { scalarLoss } from "./derivatives.ts";
import {
  direction,
  expectedGradient,
  expectedLoss,
  type LossSetting,
  type LossStyle,
  logitsOf,
  problemOf,
  randomSetting,
  reducedBy,
  targetsOf,
} from "./setting.ts";
import { reductions } from "./values.ts";

const { quick } = caseGroup("loss/class-axis");

const styles: Readonly<Record<string, LossStyle>> = {
  labels: { ignoreIndex: -1, isRowWeighted: true },
  probabilities: { targets: "probabilities", labelSmoothing: 0.1 },
  "every-term": { zLoss: 0.1, softcap: 4, temperature: 0.8, focal: 2, ignoreIndex: -1 },
};

/** The class axis at `axis` of three; the batch is what the other two are. */
async function alongAxis(t: CaseContext, style: LossStyle, axis: number): Promise<void> {
  for (const reduction of reductions) {
    const setting = reducedBy(randomSetting(t, { ...style, batch: [2, 3] }), reduction);
    await checkAlongAxis(t, setting, axis);
    if (style.zLoss === undefined) await checkCurvature(t, setting, axis);
  }
}

/** The order of axes with the class axis at the end, and the inverse. */
function ordersOf({ batch }: LossSetting, axis: number): readonly [last: number[], back: number[]] {
  const last = [...batch, 0]
    .map((_, i) => i)
    .filter((i) => i !== axis)
    .concat(axis);
  return [last, last.map((_, i) => last.indexOf(i))];
}

/** What the loss of a setting is called with, its classes moved to `axis`. */
function movedTo(
  axis: number,
  scope: Scope,
  setting: LossSetting,
): { readonly z: Tensor; readonly placed: Targets; readonly options: LossOptions } {
  const [, back] = ordersOf(setting, axis);
  const targets = targetsOf(scope, setting);
  return {
    z: transpose(logitsOf(scope, setting), back),
    placed: targets.probabilities ? { probabilities: transpose(targets.probabilities, back) } : targets,
    options: { ...setting.options, axis },
  };
}

/** Loss and gradients of a setting whose classes are moved to `axis`. */
export async function checkAlongAxis(t: CaseContext, setting: LossSetting, axis: number): Promise<void> {
  const [last] = ordersOf(setting, axis);
  await inScope(t, async (scope) => {
    const { z, placed, options } = movedTo(axis, scope, setting);
    const loss = expectedLoss(setting);
    t.check(
      await t.read(softmaxCrossEntropy(z, placed, options)),
      loss.expected,
      betweenTwo(t.judge(loss.quantity)),
      "loss",
    );
    const { expected, quantity } = expectedGradient(setting);
    const check = async (gradient: Tensor, name: string): Promise<void> => {
      t.expect(gradient.shape.join() === z.shape.join(), `${name} has the shape [${gradient.shape}], not [${z.shape}]`);
      t.check(await t.read(transpose(gradient, last)), expected, betweenTwo(t.judge(quantity)), name);
    };
    await check(softmaxCrossEntropyGradient(z, placed, options), "the gradient op");
    await check(
      scope.grad((y) => scalarLoss(y, placed, options), z),
      "the gradient of the loss",
    );
  });
}

async function checkCurvature(t: CaseContext, setting: LossSetting, axis: number): Promise<void> {
  const [last, back] = ordersOf(setting, axis);
  await inScope(t, async (scope) => {
    const { z, placed, options } = movedTo(axis, scope, setting);
    const v = direction(t, setting);
    const along = transpose(scope.tensor(v, [...setting.batch, setting.classes]), back);
    const { products } = scope.hvp((y) => scalarLoss(y, placed, options), z, along);
    const curved = lossHessianVector(problemOf(setting), v);
    t.check(await t.read(transpose(products, last)), curved, t.judge("derived"), "H·v");
  });
}

/** Every diagnostic is what it is with the classes last. As many classes as rows behind them: a wrong axis would fit too. */
async function checkDiagnosticsAlong(t: CaseContext, style: LossStyle, axis: number): Promise<void> {
  const setting = reducedBy(randomSetting(t, { ...style, batch: [3, 3], classes: 3 }), "mean");
  const { reduction: _, denominator: __, ...lastOptions } = setting.options;
  await inScope(t, async (scope) => {
    const { z, placed } = movedTo(axis, scope, setting);
    const more = { ...lastOptions, diagnostics: true, topK: 2 };
    const last = crossEntropyTerms(logitsOf(scope, setting), targetsOf(scope, setting), more).diagnostics;
    const moved = crossEntropyTerms(z, placed, { ...more, axis }).diagnostics;
    for (const name of ["correct", "topK", "logSumExp", "entropy", "margin"] as const) {
      t.check(await t.read(moved[name]!), await t.read(last[name]!), t.judge("derived"), name);
    }
  });
}

/** `axis`, natively where a backend takes an inner class axis, by a permuted copy elsewhere. */
export const classAxisCases: readonly Case[] = Object.entries(styles).flatMap(([name, style]) => [
  ...[0, 1, 2].map((axis) => quick(`${name}-${axis}`, (t) => alongAxis(t, style, axis))),
  ...[0, 1].map((axis) => quick(`diagnostics-${name}-${axis}`, (t) => checkDiagnosticsAlong(t, style, axis))),
  quick(
    `differences-${name}`,
    (t) =>
      checkDifferences(t, {
        shapes:
          style.targets === "probabilities"
            ? [
                [5, 2],
                [5, 2],
              ]
            : [[5, 2]],
        apply: (z, q) => {
          const { targets: _, isRowWeighted: __, ...options } = style;
          return scalarLoss(z!, q ? { probabilities: q } : { labels: [2, 4] }, { ...options, axis: 0 });
        },
      }),
    needsFloat64,
  ),
]);
