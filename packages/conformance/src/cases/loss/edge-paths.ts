import { type LossOptions, linearCrossEntropy, sum, type Tensor } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import { softmaxCrossEntropy as oracle } from "../../oracle/softmax-cross-entropy.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import { checkAlongAxis } from "./class-axis.ts";
import { everyWay, scalarLoss } from "./derivatives.ts";
import { rowsOf } from "./laws.ts";
import { checkDiagnostics, checkParts } from "./parts.ts";
import { type EdgeCase, edgeCases, settingOf } from "./semantics.ts";
import {
  expectedGradient,
  expectedLoss,
  type LossSetting,
  logitsOf,
  problemOf,
  reducedBy,
  targetsOf,
} from "./setting.ts";
import { reductions } from "./values.ts";

const { quick } = caseGroup("loss/semantics");

type Path = (t: CaseContext, setting: LossSetting) => void | Promise<void>;

/** Each row as the logits of a layer of one input, x = 1 and W the row, so that ∂W is the gradient by the logits. */
async function asLinear(t: CaseContext, setting: LossSetting): Promise<void> {
  const { classes, options } = setting;
  for (let r = 0; r < setting.batch[0]!; r++) {
    const row = reducedBy(rowsOf(setting, r, r + 1), "sum");
    const { rowLoss, gradient } = oracle(problemOf(row));
    await inScope(t, async (scope) => {
      const [x, w] = [scope.tensor([[1]]), scope.tensor(Array.from(row.logits), [1, classes])];
      const targets = targetsOf(scope, row);
      const { reduction: _, ...rest } = row.options;
      for (const reduction of ["sum", "none"] as const) {
        const given: LossOptions = { ...rest, reduction };
        const { value, gradients } = scope.valueAndGrad(
          (p) => sum(linearCrossEntropy(x, p, undefined, targets, given)),
          w,
        );
        const weight = (options.rowWeights as readonly number[] | undefined)?.[r] ?? 1;
        const loss = weight === 0 ? 0 : weight * rowLoss.values[0]!;
        const judgement = betweenTwo(t.judge("derived"));
        t.check(await t.read(value), { ...rowLoss, values: [loss] }, judgement, `loss of row ${r}, ${reduction}`);
        t.check(await t.read(gradients), gradient, judgement, `gradient of row ${r}, ${reduction}`);
      }
    });
  }
}

/** With weights of 1 and a temperature of 1 that only the device knows. */
async function withDeviceOptions(t: CaseContext, setting: LossSetting): Promise<void> {
  for (const reduction of reductions) {
    const reduced = reducedBy(setting, reduction);
    const { expected, quantity } = expectedGradient(reduced);
    const whole = expectedLoss(reduction === "none" ? reducedBy(setting, "sum") : reduced);
    await inScope(t, async (scope) => {
      const targets = targetsOf(scope, reduced);
      const at = {
        z: logitsOf(scope, reduced),
        r: scope.tensor(new Float64Array(setting.batch[0]!).fill(1)),
        tau: scope.tensor(1),
      };
      const loss = ({ z, r, tau }: Record<"z" | "r" | "tau", Tensor>): Tensor =>
        scalarLoss(z, targets, { ...reduced.options, rowWeights: r, temperature: tau });
      const { value, gradients } = scope.valueAndGrad(loss, at);
      const judgement = betweenTwo(t.judge("derived"));
      t.check(await t.read(value), whole.expected, judgement, "loss");
      t.check(await t.read(gradients.z), expected, betweenTwo(t.judge(quantity)), "gradient by the logits");
      const isLost = Array.from(expected.values).some(Number.isNaN);
      const [slope] = await t.read(gradients.tau);
      t.expect(isLost === Number.isNaN(slope), `the slope by the temperature is ${slope}`);
    });
  }
}

/** The ways on which a row of the table of edge cases reaches a kernel, besides loss and gradient op. */
const paths: Readonly<Record<string, Path>> = {
  "by-every-derivative": async (t, setting) => {
    for (const reduction of reductions) await everyWay(t, reducedBy(setting, reduction));
  },
  "in-parts": checkParts,
  diagnosed: checkDiagnostics,
  "along-the-first-axis": (t, setting) => checkAlongAxis(t, reducedBy(setting, "sum"), 0),
  "of-a-linear-layer": asLinear,
  "with-options-on-the-device": withDeviceOptions,
};

/** Edges that a path says nothing of. */
const leftOut: Readonly<Record<string, (edge: EdgeCase) => boolean>> = {
  // Which class a NaN among the probabilities makes the likeliest is nobody's concern.
  diagnosed: ({ probabilities = [] }) => probabilities.flat().some(Number.isNaN),
  // A weight of 0 on the device multiplies.
  "with-options-on-the-device": ({ options }) => options?.rowWeights !== undefined,
};

/** docs/semantics.md §4 on every path of the loss. */
export const edgePathCases: readonly Case[] = Object.entries(paths).flatMap(([pathName, path]) =>
  Object.entries(edgeCases)
    .filter(([, edge]) => leftOut[pathName]?.(edge) !== true)
    .map(([name, edge]) =>
      quick(`${name}-${pathName}`, (t) => path(t, settingOf(t, edge)), edge.nonFinite ? strictNonFinite : undefined),
    ),
);
