import { add, type Device, type Like, matmul, relu, softmaxCrossEntropy } from "@surprisal/core";
import { sgd } from "@surprisal/nn";

/** Something small to do on a device, again and again: its kernels take next to no time. */
export interface SmallOp {
  readonly name: string;
  prepare(device: Device): () => void;
}

const labels = [2, 0, 1, 2];

export const smallOps: readonly SmallOp[] = [
  {
    name: "add, [8] + [8]",
    prepare(device) {
      const a = device.tensor(numbers(8));
      const b = device.tensor(numbers(8));
      return () => add(a, b).dispose();
    },
  },
  {
    name: "relu, [8]",
    prepare(device) {
      const x = device.tensor(numbers(8));
      return () => relu(x).dispose();
    },
  },
  {
    name: "matmul, [4, 3] · [3, 2]",
    prepare(device) {
      const a = device.tensor(numbers(12), [4, 3]);
      const b = device.tensor(numbers(6), [3, 2]);
      return () => matmul(a, b).dispose();
    },
  },
  {
    name: "loss of each row, [4, 3]",
    prepare(device) {
      const z = device.tensor(numbers(12), [4, 3]);
      return () => softmaxCrossEntropy(z, { labels }, { reduction: "none" }).dispose();
    },
  },
  {
    name: "mean loss, [4, 3]",
    prepare(device) {
      const z = device.tensor(numbers(12), [4, 3]);
      return () => softmaxCrossEntropy(z, { labels }).dispose();
    },
  },
  {
    name: "mean loss and its gradient, [4, 3]",
    prepare(device) {
      const params = { z: device.parameter(numbers(12), [4, 3]) };
      const loss = ({ z }: Like<typeof params>) => softmaxCrossEntropy(z, { labels });
      return () => {
        const step = device.scope();
        step.valueAndGrad(loss, params);
        step.dispose();
      };
    },
  },
  { name: "training step, linear 2-3, SGD", prepare: tinyTraining },
];

/** One step of training a linear model on three examples. */
export function tinyTraining(device: Device): () => void {
  const x = device.tensor([
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  const params = { w: device.parameter(numbers(6), [2, 3]), b: device.parameter(numbers(3)) };
  const loss = ({ w, b }: Like<typeof params>) => softmaxCrossEntropy(add(matmul(x, w), b), { labels: [2, 0, 1] });
  const optimizer = sgd(params, { learningRate: 0.01, momentum: 0.9 });
  return () => {
    const step = device.scope();
    optimizer.update(step.valueAndGrad(loss, params).gradients);
    step.dispose();
  };
}

/** Different numbers around 0. */
function numbers(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 5) % 7) / 4 - 0.75);
}
