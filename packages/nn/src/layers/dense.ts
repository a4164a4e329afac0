import { checkKeys, linear as linearOp, OptionError, type Shape, ShapeError, type Tensor } from "@surprisal/core";
import { type Activation, activationOf } from "./activation.ts";
import type { Initialiser, InitialiserName } from "./initialisers.ts";
import type { Context, Layer } from "./layer.ts";

/** Keras' options and defaults (`keras.layers.Dense`). */
export interface DenseOptions {
  /** What the output goes through: a name, or a function of a tensor. None by default. */
  readonly activation?: Activation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default `"glorotUniform"`. */
  readonly kernelInitialiser?: InitialiserName | Initialiser;
  /** Default `"zeros"`. */
  readonly biasInitialiser?: InitialiserName | Initialiser;
  /** The shape of one example, where this is the first layer: `[784]`. */
  readonly inputShape?: Shape;
}

/**
 * A dense layer by the number of its units, Keras' way: y = activation(x · w + b), with x [..., inputs], w [inputs, units]
 * and b [units]. It takes as many inputs as come.
 *
 * ```js
 * sequential([dense(128, { activation: "relu", inputShape: [784] }), dense(10, { activation: "softmax" })]);
 * ```
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  checkKeys("dense", options, ["activation", "useBias", "kernelInitialiser", "biasInitialiser", "inputShape"]);
  checkCount("dense", "units", units);
  const { useBias = true, kernelInitialiser = "glorotUniform", biasInitialiser = "zeros", inputShape } = options;
  const activation = activationOf("dense", options.activation);
  const product = (x: Tensor, context: Context): Tensor => {
    const inputs = x.shape.at(-1);
    if (inputs === undefined) throw new ShapeError("dense: the input is a scalar []; it is [rows, inputs]");
    const fans = { fanIn: inputs, fanOut: units };
    const w = context.parameter("w", [inputs, units], kernelInitialiser, fans);
    const b = useBias ? context.parameter("b", [units], biasInitialiser, fans) : undefined;
    return linearOp(x, w, b);
  };
  const apply = (x: Tensor, context: Context): Tensor => activation.apply(product(x, context));
  return activation.isSoftmax
    ? { name: "dense", apply, logits: product, inputShape }
    : { name: "dense", apply, inputShape };
}

/** PyTorch's option (`torch.nn.Linear`). */
export interface LinearOptions {
  /** Default true. */
  readonly bias?: boolean;
}

/**
 * A dense layer by its inputs and outputs, PyTorch's way: y = x · w + b, both U(±1/√inputs) at first
 * (`torch.nn.Linear`'s default). w is [inputs, outputs], the transpose of PyTorch's.
 */
export function linear(inputs: number, outputs: number, options: LinearOptions = {}): Layer {
  checkKeys("linear", options, ["bias"]);
  checkCount("linear", "inputs", inputs);
  checkCount("linear", "outputs", outputs);
  const { bias = true } = options;
  const fans = { fanIn: inputs, fanOut: outputs };
  return {
    name: "linear",
    inputShape: [inputs],
    apply(x, context) {
      const w = context.parameter("w", [inputs, outputs], "fanInUniform", fans);
      return linearOp(x, w, bias ? context.parameter("b", [outputs], "fanInUniform", fans) : undefined);
    },
  };
}

/** Refuses what counts nothing. */
export function checkCount(op: string, name: string, count: number): void {
  if (Number.isSafeInteger(count) && count > 0) return;
  throw new OptionError(`${op}: ${name} is a whole number above 0, not ${String(count)}`);
}
