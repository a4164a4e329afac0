import type { AdamParams } from "../backend.ts";
import type { Parameter, Tensor } from "../tensor.ts";
import { writable } from "./assign.ts";
import { checkedGradient, checkedSlot, checkStep, stepInPlace, type Workspace } from "./workspace.ts";

/** Hyperparameters of one step; see {@link adamUpdate}. */
export interface AdamStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** AdamW's decay (true) or Adam's, which is added to the gradient (false). */
  readonly decoupled: boolean;
  /** Number of this step, from 1: corrects the bias of the first ones. */
  readonly step: number;
}

/**
 * One step of Adam or AdamW, in place, PyTorch's formula (`torch.optim.Adam`, `AdamW`; Kingma & Ba 2015, Loshchilov &
 * Hutter 2019): m = β₁·m + (1−β₁)·g; v = β₂·v + (1−β₂)·g²; p −= lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
 * By the backend's own kernel where it has one, else from the required kernels.
 */
export function adamUpdate(
  parameter: Parameter,
  gradient: Tensor,
  mean: Parameter,
  variance: Parameter,
  step: AdamStep,
): void {
  const op = "adamUpdate";
  const p = writable(op, parameter);
  const g = checkedGradient(op, parameter, gradient);
  const m = checkedSlot(op, parameter, mean);
  const v = checkedSlot(op, parameter, variance);
  checkStep(op, step, ["learningRate", "beta1", "beta2", "epsilon", "weightDecay", "decoupled", "step"]);
  const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled } = step;
  const params: AdamParams = {
    learningRate,
    beta1,
    beta2,
    epsilon,
    weightDecay,
    decoupled,
    correction1: 1 - beta1 ** step.step,
    correction2: 1 - beta2 ** step.step,
    length: parameter.size,
    gradientScale: 1,
  };
  const { kernels } = parameter.runtime;
  stepInPlace(op, [parameter, mean, variance], (work) => {
    if (kernels.adamw === undefined) return derived(work, p, g, m, v, params);
    kernels.adamw({ parameter: p, mean: m, variance: v }, { parameter: p, gradient: g, mean: m, variance: v }, params);
  });
}

function derived(work: Workspace, p: unknown, g: unknown, m: unknown, v: unknown, params: AdamParams): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, correction1, correction2 } = params;
  const scratch = work.temporary();
  const penalised = weightDecay === 0 || decoupled ? g : work.temporary();
  if (weightDecay !== 0 && decoupled) work.unary(p, p, "affine", 1 - learningRate * weightDecay);
  if (penalised !== g) work.weightedSum(penalised, g, 1, p, weightDecay);
  work.weightedSum(m, m, beta1, penalised, 1 - beta1);
  work.unary(scratch, penalised, "pow", 2);
  work.weightedSum(v, v, beta2, scratch, 1 - beta2);
  work.unary(scratch, v, "pow", 0.5);
  work.unary(scratch, scratch, "affine", 1 / Math.sqrt(correction2), epsilon);
  work.div(scratch, m, scratch);
  work.weightedSum(p, p, 1, scratch, -learningRate / correction1);
}
