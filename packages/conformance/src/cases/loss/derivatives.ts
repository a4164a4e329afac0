import {
  add,
  type LossOptions,
  type Scope,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  sum,
  type Targets,
  type Tensor,
} from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import { sizeOf } from "../../oracle/nd-array.ts";
import { lossHessianVector, softmaxCrossEntropy as oracle } from "../../oracle/softmax-cross-entropy.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import {
  closedFormStyles,
  direction,
  expectedGradient,
  type LossSetting,
  logitsOf,
  optionStyles,
  problemOf,
  randomSetting,
  reducedBy,
  targetsOf,
} from "./setting.ts";
import { reductions } from "./values.ts";

const { quick } = caseGroup("loss/derivatives");

/** The ways to the first derivative, each as the gradient of Σ u·ℓ with u = 1. */
type Way = (scope: Scope, z: Tensor, targets: Targets, options: LossOptions) => Tensor;

/** The loss of a setting; the sum of its rows where it is not reduced. */
export const scalarLoss = (z: Tensor, targets: Targets, options: LossOptions): Tensor => {
  const loss = softmaxCrossEntropy(z, targets, options);
  return loss.rank === 0 ? loss : sum(loss);
};

const ways: Readonly<Record<string, Way>> = {
  // For a scalar loss the forward pass has finished it.
  "valueAndGrad of the loss": (scope, z, targets, options) =>
    scope.valueAndGrad((y) => scalarLoss(y, targets, options), z).gradients,
  "the gradient op": (_, z, targets, options) => softmaxCrossEntropyGradient(z, targets, options),
  // A persistent tape keeps the rows' states, and the kernel is called again.
  "a persistent tape": (scope, z, targets, options) => {
    const tape = scope.gradientTape({ persistent: true });
    const y = tape.watch(z);
    const loss = scalarLoss(y, targets, options);
    tape.gradient(loss, y).dispose();
    const gradient = tape.gradient(loss, y);
    tape.dispose();
    return gradient;
  },
  "two recordings": (scope, z, targets, options) => {
    const ones = scope.tensor({ shape: z.shape, data: new Float64Array(z.size).fill(1) });
    return scope.hvp((y) => scalarLoss(y, targets, options), z, ones).gradients;
  },
  "a cotangent on the device": (scope, z, targets, options) => {
    const one = scope.tensor(1);
    return scope.vjp((y) => scalarLoss(y, targets, options), z, one).gradients;
  },
};

export async function everyWay(t: CaseContext, setting: LossSetting): Promise<void> {
  const { expected, quantity } = expectedGradient(setting);
  await inScope(t, async (scope) => {
    const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
    for (const [name, way] of Object.entries(ways)) {
      const gradient = way(scope, z, targets, setting.options);
      t.check(await t.read(gradient), expected, betweenTwo(t.judge(quantity)), `gradient by ${name}`);
    }
  });
}

/** H·v by `hvp` of the loss and by the derivative of the gradient op, against the oracle. */
async function hessianVector(t: CaseContext, setting: LossSetting): Promise<void> {
  const v = direction(t, setting);
  const expected = lossHessianVector(problemOf(setting), v);
  await inScope(t, async (scope) => {
    const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
    const along = scope.tensor(v, z.shape);
    const { products } = scope.hvp((y) => scalarLoss(y, targets, setting.options), z, along);
    t.check(await t.read(products), expected, t.judge("derived"), "H·v of the loss");
    const { gradients } = scope.vjp((y) => softmaxCrossEntropyGradient(y, targets, setting.options), z, along);
    t.check(await t.read(gradients), expected, t.judge("derived"), "vᵀ·J of the gradient op");
    const { tangent } = scope.jvp((y) => softmaxCrossEntropyGradient(y, targets, setting.options), z, along);
    t.check(await t.read(tangent), expected, t.judge("derived"), "J·v of the gradient op");
    positive(t, setting, await t.read(products), v);
  });
}

/** vᵀ·H·v ≥ 0 in every row where T ≥ 0 (docs/semantics.md §6). */
function positive(t: CaseContext, setting: LossSetting, hv: ArrayLike<number>, v: ArrayLike<number>): void {
  const { classes, batch } = setting;
  for (let r = 0; r < sizeOf(batch); r++) {
    let [form, size] = [0, 0];
    for (let j = 0; j < classes; j++) {
      form += v[r * classes + j]! * hv[r * classes + j]!;
      size += Math.abs(v[r * classes + j]! * hv[r * classes + j]!);
    }
    t.expect(form >= -1e-5 * size, `row ${r}: vᵀ·H·v is ${form}, and the Hessian is positive semidefinite`);
  }
}

/** −∞ at a class of every row that is not the target: the class has no part in any derivative. */
function masked(setting: LossSetting): LossSetting {
  const { classes, logits, labels, probabilities } = setting;
  const away = (d: number): boolean => {
    const label = labels?.[Math.floor(d / classes)] ?? 0;
    return d % classes === (label + 1 + (Math.floor(d / classes) % (classes - 1))) % classes;
  };
  return {
    ...setting,
    logits: Array.from(logits, (z, d) => (away(d) ? Number.NEGATIVE_INFINITY : z)),
    probabilities: probabilities && Array.from(probabilities, (q, d) => (away(d) ? 0 : q)),
  };
}

/** Two losses of one shape in one recording: each gradient comes from its own rows' states. */
async function twoLosses(t: CaseContext): Promise<void> {
  const settings = [1, 3].map((spread) => randomSetting(t, { spread, reduction: "sum" }));
  const v = settings.map((setting, i) => direction(t, setting, `direction ${i}`));
  await inScope(t, async (scope) => {
    const params = settings.map((setting) => logitsOf(scope, setting));
    const both = (z: readonly Tensor[]): Tensor => {
      const losses = settings.map((setting, i) => scalarLoss(z[i]!, targetsOf(scope, setting), setting.options));
      return add(losses[0]!, losses[1]!);
    };
    const tape = scope.gradientTape({ persistent: true });
    const watched = tape.watch(params);
    const taped = tape.gradient(both(watched), watched);
    tape.dispose();
    const along = params.map((z, i) => scope.tensor(v[i]!, z.shape));
    const { gradients, products } = scope.hvp(both, params, along);
    for (const [i, setting] of settings.entries()) {
      const { expected, quantity } = expectedGradient(setting);
      const judgement = betweenTwo(t.judge(quantity));
      t.check(await t.read(taped[i]!), expected, judgement, `gradient of loss ${i} by a persistent tape`);
      t.check(await t.read(gradients[i]!), expected, judgement, `gradient of loss ${i} under two recordings`);
      const curved = lossHessianVector(problemOf(setting), v[i]!);
      t.check(await t.read(products[i]!), curved, t.judge("derived"), `H·v of loss ${i}`);
    }
  });
}

/** [margin, 0, 0, …] with label 0: value, gradient and curvature keep their relative precision on every way. */
async function confident(t: CaseContext, margin: number): Promise<void> {
  const [rows, classes] = [3, 3];
  const logits = [margin, 0, 0, 100 + margin, 100, 100, 0, margin, 0];
  const setting: LossSetting = {
    batch: [rows],
    classes,
    logits,
    labels: [0, 0, 1],
    options: { reduction: "sum" },
  };
  const growth = 1 + margin / 10;
  const relative = (values: ArrayLike<number>) => ({
    values: Array.from(values),
    scale: Array.from(values, (value) => Math.abs(value) * growth || 1),
  });
  const { expected } = expectedGradient(setting);
  const v = [1, 0, 0, 0, 1, 0, 1, 2, -1];
  await inScope(t, async (scope) => {
    const [z, targets] = [logitsOf(scope, setting), targetsOf(scope, setting)];
    for (const [name, way] of Object.entries(ways)) {
      const gradient = way(scope, z, targets, setting.options);
      const judgement = betweenTwo(t.judge("confident gradient"));
      t.check(await t.read(gradient), relative(expected.values), judgement, `gradient by ${name}`);
    }
    const two = scope.hvp((y) => softmaxCrossEntropy(y, targets, setting.options), z, scope.tensor(v, [rows, classes]));
    const loss = relative(oracle(problemOf(setting)).rowLoss.values);
    const total = loss.values.reduce((a, b) => a + b, 0);
    t.check(
      await t.read(two.value),
      { values: [total], scale: total * growth },
      t.judge("confident curvature"),
      "loss",
    );
    const { values } = lossHessianVector(problemOf(setting), v);
    t.check(await t.read(two.products), relative(values), t.judge("confident curvature"), "H·v");
  });
}

/** First and second derivatives of the loss. */
export const lossDerivativeCases: readonly Case[] = [
  ...Object.entries(optionStyles).flatMap(([name, style]) => [
    quick(`every-way-agrees-${name}`, async (t) => {
      for (const reduction of reductions) await everyWay(t, reducedBy(randomSetting(t, style), reduction));
    }),
  ]),
  ...Object.entries(closedFormStyles).map(([name, style]) =>
    quick(`hessian-${name}`, async (t) => {
      for (const reduction of reductions) await hessianVector(t, reducedBy(randomSetting(t, style), reduction));
    }),
  ),
  quick("every-way-agrees-batch-of-more-axes", async (t) => {
    for (const reduction of reductions) {
      await everyWay(t, randomSetting(t, { batch: [2, 1, 3], reduction, ignoreIndex: -1 }));
      await hessianVector(t, randomSetting(t, { batch: [2, 1, 3], reduction, ignoreIndex: -1 }));
    }
  }),
  quick("every-way-agrees-one-example", async (t) => {
    for (const reduction of reductions) {
      await everyWay(t, randomSetting(t, { batch: [], reduction }));
      await hessianVector(t, randomSetting(t, { batch: [], reduction }));
    }
  }),
  quick("two-losses-under-one-recording", twoLosses),
  ...(["labels", "probabilities"] as const).map((targets) =>
    quick(
      `masked-by-minus-infinity-${targets}`,
      async (t) => {
        for (const reduction of reductions) {
          const setting = masked(randomSetting(t, { targets, reduction }));
          await everyWay(t, setting);
          await hessianVector(t, setting);
        }
      },
      strictNonFinite,
    ),
  ),
  ...[5, 17, 50].map((margin) => quick(`confident-${margin}`, (t) => confident(t, margin))),
];
