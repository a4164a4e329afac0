import { softmaxCrossEntropy, softmaxCrossEntropyGradient, type Tensor, transpose } from "@surprisal/core";
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

/** Loss and gradients of a setting whose classes are moved to `axis`. */
export async function checkAlongAxis(t: CaseContext, setting: LossSetting, axis: number): Promise<void> {
  const [last, back] = ordersOf(setting, axis);
  const options = { ...setting.options, axis };
  await inScope(t, async (scope) => {
    const [classesLast, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
    const z = transpose(classesLast, back);
    const placed = targets.probabilities ? { probabilities: transpose(targets.probabilities, back) } : targets;
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
  const options = { ...setting.options, axis };
  await inScope(t, async (scope) => {
    const [classesLast, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
    const z = transpose(classesLast, back);
    const placed = targets.probabilities ? { probabilities: transpose(targets.probabilities, back) } : targets;
    const v = direction(t, setting);
    const along = transpose(scope.tensor(v, classesLast.shape), back);
    const { products } = scope.hvp((y) => scalarLoss(y, placed, options), z, along);
    const curved = lossHessianVector(problemOf(setting), v);
    t.check(await t.read(transpose(products, last)), curved, t.judge("derived"), "H·v");
  });
}

/** `axis`, natively where a backend takes an inner class axis, by a permuted copy elsewhere. */
export const classAxisCases: readonly Case[] = Object.entries(styles).flatMap(([name, style]) => [
  ...[0, 1, 2].map((axis) => quick(`${name}-${axis}`, (t) => alongAxis(t, style, axis))),
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
