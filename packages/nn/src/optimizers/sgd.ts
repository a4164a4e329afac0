import { checkKeys, OptionError, sgdUpdate } from "@surprisal/core";
import { checkRange, gradientsFor, type Optimizer, rememberSteps } from "./optimizer.ts";
import { loadOptimizerState, optimizerState } from "./optimizer-state.ts";
import { parametersOf, zerosLike } from "./parameters.ts";

/** PyTorch's options and defaults (`torch.optim.SGD`). */
export interface SgdOptions {
  /** Default 0.001. */
  readonly learningRate?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Default 0. */
  readonly dampening?: number;
  /** Default 0: an L2 penalty, added to the gradient. */
  readonly weightDecay?: number;
  /** Nesterov's momentum (default false). Needs momentum and no dampening. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent, with momentum if asked for.
 *
 * ```ts
 * const optimizer = sgd(params, { learningRate: 0.5 });
 * optimizer.update(gradients);
 * ```
 */
export function sgd<T extends object>(params: T, options: SgdOptions = {}): Optimizer<T> {
  checkKeys("sgd", options, ["learningRate", "momentum", "dampening", "weightDecay", "nesterov"]);
  const { learningRate = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
  checkRange("sgd", "learningRate", learningRate, 0, Number.POSITIVE_INFINITY);
  checkRange("sgd", "momentum", momentum, 0, Number.POSITIVE_INFINITY);
  checkRange("sgd", "weightDecay", weightDecay, 0, Number.POSITIVE_INFINITY);
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new OptionError(`sgd: nesterov needs momentum > 0 and dampening 0, not ${momentum} and ${dampening}`);
  }
  const parameters = parametersOf("sgd", params);
  const memory = momentum === 0 ? {} : { velocity: zerosLike("sgd", params) };
  const velocities = parametersOf("sgd", memory);
  let steps = 0;
  const optimizer: Optimizer<T> = {
    learningRate,
    get steps() {
      return steps;
    },
    update(gradients) {
      checkRange("sgd", "learningRate", this.learningRate, 0, Number.POSITIVE_INFINITY);
      const tensors = gradientsFor("sgd", params, gradients);
      // PyTorch starts the velocity as the first gradient, undampened.
      const step = {
        learningRate: this.learningRate,
        momentum,
        dampening: steps === 0 ? 0 : dampening,
        nesterov,
        weightDecay,
      };
      for (const [i, parameter] of parameters.entries()) sgdUpdate(parameter, tensors[i]!, velocities[i], step);
      steps++;
    },
    stateDict() {
      return optimizerState(memory, { steps, learningRate: this.learningRate });
    },
    loadStateDict(state) {
      ({ steps, learningRate: this.learningRate } = loadOptimizerState("sgd", memory, state));
    },
    dispose() {
      forget();
      for (const velocity of velocities) velocity.dispose();
    },
  };
  const forget = rememberSteps(parameters, optimizer, (kept) => {
    steps = kept;
  });
  return optimizer;
}
