import { RUN } from "./block-sizes.ts";
import { addressOf, grainFor, type KernelTable } from "./phase.ts";

export const sgd: NonNullable<KernelTable["sgd"]> = (outputs, { parameter, gradient, velocity }, params) => [
  {
    run: "sgd",
    args: [
      outputs.parameter.address,
      addressOf(outputs.velocity),
      parameter.address,
      gradient.address,
      addressOf(velocity),
      params.nesterov ? 1 : 0,
      -params.learningRate,
      params.momentum,
      1 - params.dampening,
      params.weightDecay,
      params.gradientScale,
      params.length,
    ],
    blocks: Math.ceil(params.length / RUN),
    grain: grainFor(RUN),
  },
];

export const adamw: NonNullable<KernelTable["adamw"]> = (outputs, { parameter, gradient, mean, variance }, params) => [
  {
    run: "adamw",
    args: [
      outputs.parameter.address,
      outputs.mean.address,
      outputs.variance.address,
      parameter.address,
      gradient.address,
      mean.address,
      variance.address,
      params.gradientScale,
      params.decoupled ? 0 : params.weightDecay,
      params.beta1,
      1 - params.beta1,
      params.beta2,
      1 - params.beta2,
      params.decoupled ? 1 - params.learningRate * params.weightDecay : 1,
      -params.learningRate / params.correction1,
      1 / Math.sqrt(params.correction2),
      params.epsilon,
      params.length,
    ],
    blocks: Math.ceil(params.length / RUN),
    grain: grainFor(RUN),
  },
];
