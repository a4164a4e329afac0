import type { Fusions } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { here, kernel } from "./source.ts";

const [p, g, m, v] = ["p", "g", "m", "v"].map((name) => `${name}[${here}]`) as [string, string, string, string];

/** `d`: the gradient, scaled and with the decay that is added to it. Without one the parameter is left out: it may be infinite. */
const direction = `let d = decay * ${p}; if (decay === 0) d = 0; d = d + scale * ${g};`;

// Every number that a schedule may change from step to step is an argument; 1 − β is formed by the host, in float64.
const sgdStep = kernel(["p", "g", "rate", "scale", "decay"], `${direction} return ${p} - rate * d;`);
const velocityStep = kernel(
  ["p", "g", "v", "scale", "decay", "momentum", "fresh"],
  `${direction} return momentum * ${v} + fresh * d;`,
);
const momentumStep = kernel(["p", "v", "rate"], `return ${p} - rate * ${v};`);
const nesterovStep = kernel(
  ["p", "g", "v", "rate", "scale", "decay", "momentum"],
  `${direction} return ${p} - rate * (d + momentum * ${v});`,
);
const meanStep = kernel(
  ["p", "g", "m", "scale", "decay", "beta", "fresh"],
  `${direction} return beta * ${m} + fresh * d;`,
);
const varianceStep = kernel(
  ["p", "g", "v", "scale", "decay", "beta", "fresh"],
  `${direction} return beta * ${v} + fresh * d * d;`,
);
const adamStep = kernel(
  ["p", "m", "v", "rate", "keep", "epsilon", "correction2"],
  `return keep * ${p} - rate * ${m} / (Math.sqrt(${v}) / correction2 + epsilon);`,
);

export const optimizers = (queue: Queue): Pick<Fusions<Cell>, "sgd" | "adamw"> => ({
  sgd({ parameter, velocity }, inputs, params) {
    const { learningRate, momentum, dampening, nesterov, weightDecay, gradientScale } = params;
    const read = [inputs.parameter, inputs.gradient];
    if (!velocity || !inputs.velocity) {
      const numbers = [learningRate, gradientScale, weightDecay];
      queue.call({
        outputs: [parameter],
        inputs: read,
        launches: [{ output: parameter, source: sgdStep, inputs: read, numbers }],
      });
      return;
    }
    const moving = [...read, inputs.velocity];
    const first = {
      output: velocity,
      source: velocityStep,
      inputs: moving,
      numbers: [gradientScale, weightDecay, momentum, 1 - dampening],
    };
    const second = nesterov
      ? {
          source: nesterovStep,
          inputs: [...read, velocity],
          numbers: [learningRate, gradientScale, weightDecay, momentum],
        }
      : { source: momentumStep, inputs: [inputs.parameter, velocity], numbers: [learningRate] };
    queue.call({ outputs: [parameter, velocity], inputs: moving, launches: [first, { output: parameter, ...second }] });
  },
  adamw({ parameter, mean, variance }, inputs, params) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, gradientScale } = params;
    const coupled = decoupled ? 0 : weightDecay;
    const read = [inputs.parameter, inputs.gradient];
    queue.call({
      outputs: [parameter, mean, variance],
      inputs: [...read, inputs.mean, inputs.variance],
      launches: [
        {
          output: mean,
          source: meanStep,
          inputs: [...read, inputs.mean],
          numbers: [gradientScale, coupled, beta1, 1 - beta1],
        },
        {
          output: variance,
          source: varianceStep,
          inputs: [...read, inputs.variance],
          numbers: [gradientScale, coupled, beta2, 1 - beta2],
        },
        {
          output: parameter,
          source: adamStep,
          inputs: [inputs.parameter, mean, variance],
          numbers: [
            learningRate / params.correction1,
            decoupled ? 1 - learningRate * weightDecay : 1,
            epsilon,
            Math.sqrt(params.correction2),
          ],
        },
      ],
    });
  },
});
