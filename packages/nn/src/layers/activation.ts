import { gelu, OptionError, relu, sigmoid, softmax, type Tensor, tanh } from "@surprisal/core";
import type { Layer } from "./layer.ts";

export type ActivationName = "relu" | "gelu" | "tanh" | "sigmoid" | "softmax" | "linear";

const named: Readonly<Record<ActivationName, (x: Tensor) => Tensor>> = {
  relu,
  gelu,
  tanh,
  sigmoid,
  softmax,
  linear: (x) => x,
};

/** A function of a tensor, or its name; `"linear"` changes nothing. */
export type Activation = ActivationName | ((x: Tensor) => Tensor);

/**
 * An activation as a layer (`keras.layers.Activation`): relu, gelu (x·Φ(x)), tanh, sigmoid, softmax over the last axis, or
 * any function of a tensor. In a list of layers a function may also stand by itself: `[linear(784, 128), relu]`.
 *
 * A softmax at the end is known as one, so that losses start from the logits behind it: by its name, as core's own
 * `softmax`, or as a function that returns what `softmax` returned.
 */
export function activation(function_: Activation): Layer {
  const { name, apply, isSoftmax } = activationOf("activation", function_);
  return isSoftmax ? { name, apply, logits: (x) => x } : { name, apply };
}

/** What an activation is, with what there is to know of it. */
export function activationOf(
  op: string,
  function_: Activation = "linear",
): { readonly name: string; readonly apply: (x: Tensor) => Tensor; readonly isSoftmax: boolean } {
  if (typeof function_ !== "function" && !Object.hasOwn(named, function_)) {
    const names = Object.keys(named).join(", ");
    throw new OptionError(`${op}: there is no activation "${String(function_)}"; there are ${names}, or a function`);
  }
  const run = typeof function_ === "function" ? function_ : named[function_];
  const name = typeof function_ === "function" ? function_.name || "function" : function_;
  // A layer's context must not be taken for the function's own options.
  return { name, apply: (x) => run(x), isSoftmax: run === softmax };
}
