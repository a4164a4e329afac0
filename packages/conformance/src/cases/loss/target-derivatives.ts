import { mul, softmaxCrossEntropyGradient, sum, type Tensor } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import {
  lossMixedVector,
  lossTargetGradient,
  softmaxCrossEntropy as oracle,
} from "../../oracle/softmax-cross-entropy.ts";
import { caseGroup } from "../define.ts";
import { inScope, tensors } from "../ops/op-case.ts";
import { scalarLoss } from "./derivatives.ts";
import {
  closedFormStyles,
  direction,
  type LossSetting,
  logitsOf,
  problemOf,
  randomSetting,
  reducedBy,
} from "./setting.ts";
import { reductions } from "./values.ts";

const { quick } = caseGroup("loss/derivatives");

const largest = (list: ArrayLike<number>): number => Math.max(...Array.from(list, Math.abs));

/** ∂ℓ/∂q and ∂⟨∂ℓ/∂z, v⟩/∂q. The effective targets are w·((1−ε)·q + ε/C), so both carry w·(1−ε). */
async function byProbabilities(t: CaseContext, setting: LossSetting): Promise<void> {
  const problem = problemOf(setting);
  const v = direction(t, setting);
  const factor = (d: number): number =>
    (1 - problem.smoothing!) * ((problem.classWeights as readonly number[] | undefined)?.[d % setting.classes] ?? 1);
  /** Terms are those of the whole row: what cancels is Σ_j p_j·v_j or Σ_j T_j. */
  const times = (values: ArrayLike<number>, size: number) => ({
    values: Array.from(values, (value, d) => value * factor(d)),
    scale: Array.from(values, (_, d) => size * factor(d) || 1),
    terms: Array.from(values, (_, d) => size * factor(d)),
  });
  const upstream = Math.abs(problem.scale!);
  await inScope(t, async (scope) => {
    const z = logitsOf(scope, setting);
    const [q, along] = tensors(scope, [
      { shape: z.shape, data: setting.probabilities! },
      { shape: z.shape, data: v },
    ]);
    const { values, terms } = lossTargetGradient(problem);
    const slope = { ...times(values, 1), terms: Array.from(terms as ArrayLike<number>, (size, d) => size * factor(d)) };
    const loss = (p: Tensor): Tensor => scalarLoss(z, { probabilities: p }, setting.options);
    t.check(await t.read(scope.grad(loss, q!)), slope, t.judge("derived"), "∂ℓ/∂q");
    const mixed = times(lossMixedVector(problem, v).values, upstream * largest(v));
    const ofGradient = scope.vjp(
      (p) => softmaxCrossEntropyGradient(z, { probabilities: p }, setting.options),
      q!,
      along,
    );
    t.check(await t.read(ofGradient.gradients), mixed, t.judge("derived"), "∂⟨∂ℓ/∂z, v⟩/∂q of the gradient op");
    const ofLoss = scope.grad(
      (p) =>
        sum(
          mul(
            scope.grad((y) => scalarLoss(y, { probabilities: p }, setting.options), z),
            along!,
          ),
        ),
      q!,
    );
    t.check(await t.read(ofLoss), mixed, t.judge("derived"), "∂⟨∂ℓ/∂z, v⟩/∂q of the loss");
    // The other way round: ∂⟨∂ℓ/∂q, v⟩/∂z = w·(1−ε)·(S·p − v) with T = v, the gradient of a loss with targets v.
    const targets = Array.from(v, (value, d) => value * factor(d));
    const { gradient } = oracle({ ...problem, classWeights: undefined, smoothing: 0, probabilities: targets });
    const rowSize = upstream * setting.classes * largest(targets);
    const turned = scope.grad(
      (y) =>
        sum(
          mul(
            scope.grad((p) => scalarLoss(y, { probabilities: p }, setting.options), q!),
            along!,
          ),
        ),
      z,
    );
    const turnedBack = { values: gradient.values, terms: rowSize, scale: rowSize };
    t.check(await t.read(turned), turnedBack, t.judge("derived"), "∂⟨∂ℓ/∂q, v⟩/∂z of the loss");
  });
}

/** Derivatives by the targets, alone and mixed with those by the logits. */
export const targetDerivativeCases: readonly Case[] = Object.entries(closedFormStyles)
  .filter(([, style]) => style.targets === "probabilities")
  .map(([name, style]) =>
    quick(`by-targets-${name}`, async (t) => {
      for (const reduction of reductions) await byProbabilities(t, reducedBy(randomSetting(t, style), reduction));
    }),
  );
