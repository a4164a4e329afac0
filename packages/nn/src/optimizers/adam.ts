import { adamUpdate, checkKeys } from "@surprisal/core";
import { checkRange, gradientsFor, type Optimizer, rememberSteps } from "./optimizer.ts";
import { loadOptimizerState, optimizerState } from "./optimizer-state.ts";
import { parametersOf, zerosLike } from "./parameters.ts";

/** PyTorch's options and defaults (`torch.optim.Adam`, `torch.optim.AdamW`). */
export interface AdamOptions {
  /** Default 0.001. */
  readonly learningRate?: number;
  /** Decay of the mean of the gradients (default 0.9). */
  readonly beta1?: number;
  /** Decay of the mean of their squares (default 0.999). */
  readonly beta2?: number;
  /** Added to the square root (default 1e-8; Keras has 1e-7). */
  readonly epsilon?: number;
  /** Adam: an L2 penalty in the gradient, default 0. AdamW: decoupled decay, default 0.01. */
  readonly weightDecay?: number;
}

/** Adam (Kingma & Ba 2015), PyTorch's formula. */
export function adam<T extends object>(params: T, options: AdamOptions = {}): Optimizer<T> {
  return adamFamily("adam", params, options, false);
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019), PyTorch's formula. */
export function adamW<T extends object>(params: T, options: AdamOptions = {}): Optimizer<T> {
  return adamFamily("adamW", params, options, true);
}

function adamFamily<T extends object>(op: string, params: T, options: AdamOptions, decoupled: boolean): Optimizer<T> {
  checkKeys(op, options, ["learningRate", "beta1", "beta2", "epsilon", "weightDecay"]);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const { weightDecay = decoupled ? 0.01 : 0 } = options;
  checkRange(op, "learningRate", learningRate, 0, Number.POSITIVE_INFINITY);
  checkRange(op, "beta1", beta1, 0, 1);
  checkRange(op, "beta2", beta2, 0, 1);
  checkRange(op, "epsilon", epsilon, 0, Number.POSITIVE_INFINITY);
  checkRange(op, "weightDecay", weightDecay, 0, Number.POSITIVE_INFINITY);
  const parameters = parametersOf(op, params);
  const memory = { mean: zerosLike(op, params), variance: zerosLike(op, params) };
  const means = parametersOf(op, memory.mean);
  const variances = parametersOf(op, memory.variance);
  let steps = 0;
  const optimizer: Optimizer<T> = {
    learningRate,
    get steps() {
      return steps;
    },
    update(gradients) {
      checkRange(op, "learningRate", this.learningRate, 0, Number.POSITIVE_INFINITY);
      const tensors = gradientsFor(op, params, gradients);
      const step = { learningRate: this.learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step: steps + 1 };
      for (const [i, parameter] of parameters.entries()) {
        adamUpdate(parameter, tensors[i]!, means[i]!, variances[i]!, step);
      }
      steps++;
    },
    stateDict() {
      return optimizerState(memory, { steps, learningRate: this.learningRate });
    },
    loadStateDict(state) {
      ({ steps, learningRate: this.learningRate } = loadOptimizerState(op, memory, state));
    },
    dispose() {
      forget();
      for (const slot of [...means, ...variances]) slot.dispose();
    },
  };
  const forget = rememberSteps(parameters, optimizer, (kept) => {
    steps = kept;
  });
  return optimizer;
}
