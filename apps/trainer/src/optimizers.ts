import type { Parameter } from "@surprisal/core";
import { adam, adamW, type Optimizer, sgd } from "@surprisal/nn";

type Parameters = Readonly<Record<string, Parameter>>;

interface NamedOptimizer {
  /** The learning rate where none is given. */
  readonly learningRate: number;
  readonly make: (parameters: Parameters, learningRate: number) => Optimizer<Parameters>;
}

/** What `--optimizer` chooses from: PyTorch's defaults but for the rate, SGD with Nesterov's momentum of 0.9. */
export const optimizers = {
  adam: { learningRate: 0.003, make: (parameters, learningRate) => adam(parameters, { learningRate }) },
  adamw: { learningRate: 0.003, make: (parameters, learningRate) => adamW(parameters, { learningRate }) },
  sgd: {
    learningRate: 0.05,
    make: (parameters, learningRate) => sgd(parameters, { learningRate, momentum: 0.9, nesterov: true }),
  },
} as const satisfies Readonly<Record<string, NamedOptimizer>>;

export type OptimizerName = keyof typeof optimizers;
