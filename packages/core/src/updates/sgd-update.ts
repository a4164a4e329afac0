import type { SgdParams } from "../backend.ts";
import type { Parameter, Tensor } from "../tensor.ts";
import { writable } from "./assign.ts";
import { checkedGradient, checkedSlot, checkStep, stepInPlace, type Workspace } from "./workspace.ts";

/** Hyperparameters of one step; see {@link sgdUpdate}. */
export interface SgdStep {
  readonly learningRate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/**
 * One step of stochastic gradient descent, in place, PyTorch's formula (`torch.optim.SGD`): d = g + weightDecay·p;
 * v = momentum·v + (1 − dampening)·d; p −= learningRate·(nesterov ? d + momentum·v : v). Without a velocity, v = d.
 * By the backend's own kernel where it has one, else from the required kernels.
 */
export function sgdUpdate(
  parameter: Parameter,
  gradient: Tensor,
  velocity: Parameter | undefined,
  step: SgdStep,
): void {
  const op = "sgdUpdate";
  const p = writable(op, parameter);
  const g = checkedGradient(op, parameter, gradient);
  const v = velocity && checkedSlot(op, parameter, velocity);
  checkStep(op, step, ["learningRate", "momentum", "dampening", "nesterov", "weightDecay"]);
  const { kernels } = parameter.runtime;
  stepInPlace(op, velocity === undefined ? [parameter] : [parameter, velocity], (work) => {
    if (kernels.sgd === undefined) return derived(work, p, g, v, step);
    const params: SgdParams = { ...step, length: parameter.size, gradientScale: 1 };
    kernels.sgd({ parameter: p, velocity: v }, { parameter: p, gradient: g, velocity: v }, params);
  });
}

function derived(work: Workspace, p: unknown, g: unknown, v: unknown, step: SgdStep): void {
  const { learningRate, momentum, dampening, nesterov, weightDecay } = step;
  const decayed = weightDecay === 0 ? g : work.temporary();
  const ahead = v === undefined || !nesterov ? v : work.temporary();
  if (decayed !== g) work.weightedSum(decayed, g, 1, p, weightDecay);
  if (v !== undefined) work.weightedSum(v, v, momentum, decayed, 1 - dampening);
  if (ahead !== v) work.weightedSum(ahead, decayed, 1, v, momentum);
  work.weightedSum(p, p, 1, ahead ?? decayed, -learningRate);
}
