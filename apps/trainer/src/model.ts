import { type Device, linear, type Parameter, relu, type Tensor, zeros } from "@surprisal/core";
import { glorotUniform, randomStream } from "@surprisal/nn";

/** One dense layer: w [inputs, units], b [units]. */
interface DenseLayer<T extends Tensor = Parameter> {
  readonly w: T;
  readonly b: T;
}

/** A multilayer perceptron: hidden layers with relu, then one of logits. */
export type Layers<T extends Tensor = Parameter> = readonly DenseLayer<T>[];

/** Layers of the given widths, initialised from a seed: Glorot's uniform weights and zero biases, as Keras' Dense. */
export function initialLayers(device: Device, widths: readonly number[], seed: number): Layers {
  return widths.slice(1).map((units, layer) => ({
    w: device.parameter(glorotUniform(widths[layer]!, units, randomStream(seed, INITIAL_WEIGHTS, layer))),
    b: device.parameter(zeros(units)),
  }));
}

/** Keys of the random streams that training draws from one seed. */
const INITIAL_WEIGHTS = 2;
export const EPOCH_ORDER = 3;

/** Logits [rows, classes] for images [rows, pixels]. */
export function logitsOf(layers: Layers<Tensor>, images: Tensor): Tensor {
  return layers.reduce((x, { w, b }, i) => {
    const y = linear(x, w, b);
    return i < layers.length - 1 ? relu(y) : y;
  }, images);
}
