import {
  adamUpdate,
  add,
  type BackendProvider,
  matmul,
  openDevice,
  type Parameter,
  relu,
  sgdUpdate,
  softmaxCrossEntropy,
} from "@surprisal/core";
import { classes, features, hidden, type Loop, learningRate, minibatch, rows, start } from "./task.ts";

/** The same training through core's public API: tensors, scopes, valueAndGrad, the fused loss, the updates. */

const shapes = { w1: [features, hidden], b1: [hidden], w2: [hidden, classes], b2: [classes] } as const;
type Name = keyof typeof shapes;
const names = Object.keys(shapes) as Name[];

/** The mean loss of every step. */
export async function trainByCore(provider: BackendProvider, loop: Loop): Promise<number[]> {
  const device = await openDevice([provider]);
  const parameters = (values: Record<Name, readonly number[]>) =>
    Object.fromEntries(
      names.map((name) => [name, device.parameter(Float64Array.from(values[name]), shapes[name])]),
    ) as Record<Name, Parameter>;
  const initial = start();
  const zeros = Object.fromEntries(names.map((name) => [name, initial[name].map(() => 0)])) as Record<Name, number[]>;
  const [params, means, variances] = [parameters(initial), parameters(zeros), parameters(zeros)];
  const losses: number[] = [];

  for (let index = 0; index < loop.steps; index++) {
    await device.scoped(async (step) => {
      const { data, labels } = minibatch(index);
      const x = step.tensor(Float64Array.from(data), [rows, features]);
      const { value, gradients } = step.valueAndGrad(({ w1, b1, w2, b2 }) => {
        const h = relu(add(matmul(x, w1), b1));
        return softmaxCrossEntropy(add(matmul(h, w2), b2), { labels });
      }, params);
      const rate = { learningRate: learningRate(index, loop.steps) };
      for (const name of names) {
        if (loop.optimizer === "sgd") {
          const hyper = { ...rate, momentum: 0.9, dampening: 0, nesterov: false, weightDecay: 0 };
          sgdUpdate(params[name], gradients[name], means[name], hyper);
        } else {
          const hyper = {
            ...rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weightDecay: 0.01,
            decoupled: true,
            step: index + 1,
          };
          adamUpdate(params[name], gradients[name], means[name], variances[name], hyper);
        }
      }
      losses.push(await value.item());
    });
    await device.tick();
    loop.onStep?.(index, device.memory().handles);
  }
  await device.close();
  return losses;
}
