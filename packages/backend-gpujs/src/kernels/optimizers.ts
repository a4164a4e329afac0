import type { Fusions } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { kernel } from "./source.ts";

/**
 * Every number that a schedule may change from step to step is an argument: one compilation serves them all. 1 − β is
 * formed here in float64: in float32, 1 − 0.999 is off by 5e-5.
 */
const decayed = (weightDecay: string) => `(scale * g[i] + ${weightDecay} * p[i])`;

const adamStep = kernel(
  ["p", "m", "v", "rate", "decay", "epsilon", "correction1", "correction2"],
  `const root = Math.sqrt(v[i]) / Math.sqrt(correction2) + epsilon;
  return p[i] - rate * decay * p[i] - rate / correction1 * m[i] / root;`,
);

export const optimizers = (queue: Queue): Required<Pick<Fusions<Cell>, "sgd" | "adamw">> => ({
  sgd({ parameter, velocity }, inputs, { learningRate, momentum, dampening, nesterov, weightDecay, gradientScale }) {
    const [p, g] = [inputs.parameter, inputs.gradient];
    if (!velocity || !inputs.velocity) {
      const source = kernel(["p", "g", "rate", "scale", "decay"], `return p[i] - rate * ${decayed("decay")};`);
      const numbers = [learningRate, gradientScale, weightDecay];
      queue.call({
        outputs: [parameter],
        inputs: [p, g],
        launches: [{ output: parameter, source, inputs: [p, g], numbers }],
      });
      return;
    }
    const next = kernel(
      ["p", "g", "v", "scale", "decay", "momentum", "fresh"],
      `return momentum * v[i] + fresh * ${decayed("decay")};`,
    );
    const move = nesterov ? `${decayed("decay")} + momentum * v[i]` : "v[i]";
    const step = kernel(["p", "g", "v", "rate", "scale", "decay", "momentum"], `return p[i] - rate * (${move});`);
    queue.call({
      outputs: [parameter, velocity],
      inputs: [p, g, inputs.velocity],
      launches: [
        {
          output: velocity,
          source: next,
          inputs: [p, g, inputs.velocity],
          numbers: [gradientScale, weightDecay, momentum, 1 - dampening],
        },
        {
          output: parameter,
          source: step,
          inputs: [p, g, velocity],
          numbers: [learningRate, gradientScale, weightDecay, momentum],
        },
      ],
    });
  },
  adamw(outputs, inputs, params) {
    const { parameter: p, gradient: g, mean, variance } = inputs;
    const coupled = params.decoupled ? 0 : params.weightDecay;
    const next = kernel(
      ["p", "g", "m", "scale", "decay", "beta", "fresh"],
      `return beta * m[i] + fresh * ${decayed("decay")};`,
    );
    const square = kernel(
      ["p", "g", "v", "scale", "decay", "beta", "fresh"],
      `const d = ${decayed("decay")}; return beta * v[i] + fresh * d * d;`,
    );
    queue.call({
      outputs: [outputs.parameter, outputs.mean, outputs.variance],
      inputs: [p, g, mean, variance],
      launches: [
        {
          output: outputs.mean,
          source: next,
          inputs: [p, g, mean],
          numbers: [params.gradientScale, coupled, params.beta1, 1 - params.beta1],
        },
        {
          output: outputs.variance,
          source: square,
          inputs: [p, g, variance],
          numbers: [params.gradientScale, coupled, params.beta2, 1 - params.beta2],
        },
        {
          output: outputs.parameter,
          source: adamStep,
          inputs: [p, outputs.mean, outputs.variance],
          numbers: [
            params.learningRate,
            params.decoupled ? params.weightDecay : 0,
            params.epsilon,
            params.correction1,
            params.correction2,
          ],
        },
      ],
    });
  },
});
