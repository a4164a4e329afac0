import type { SgdParams } from "../backend.ts";
import type { Parameter, Tensor } from "../tensor.ts";
import { writable } from "./assign.ts";
import { checkedGradient, checkedSlot, Workspace } from "./workspace.ts";

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
  const { kernels } = parameter.runtime;
  const p = writable(op, parameter);
  const g = checkedGradient(op, parameter, gradient);
  const v = velocity && checkedSlot(op, parameter, velocity);
  const params: SgdParams = { ...step, length: parameter.size, gradientScale: 1 };
  if (kernels.sgd !== undefined)
    kernels.sgd({ parameter: p, velocity: v }, { parameter: p, gradient: g, velocity: v }, params);
  else derived(new Workspace(op, parameter), p, g, v, step);
  parameter.storage.version++;
  if (velocity !== undefined) velocity.storage.version++;
}

function derived(work: Workspace, p: unknown, g: unknown, v: unknown, step: SgdStep): void {
  const { learningRate, momentum, dampening, nesterov, weightDecay } = step;
  let d = g;
  if (weightDecay !== 0) {
    d = work.temporary();
    work.weightedSum(d, g, 1, p, weightDecay);
  }
  let direction = d;
  if (v !== undefined) {
    work.weightedSum(v, v, momentum, d, 1 - dampening);
    direction = v;
    if (nesterov) {
      direction = work.temporary();
      work.weightedSum(direction, d, 1, v, momentum);
    }
  }
  work.weightedSum(p, p, 1, direction, -learningRate);
  work.free();
}
