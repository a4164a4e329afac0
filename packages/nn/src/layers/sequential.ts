import { OptionError, type Tensor, ValueError } from "@surprisal/core";
import { activation } from "./activation.ts";
import type { Context, Layer, LayerLike } from "./layer.ts";

/**
 * Layers one after another; a function of a tensor is a layer too. The parameters of the i-th are named `i.…`, as in
 * PyTorch.
 *
 * ```js
 * sequential([linear(784, 128), relu, dropout(0.2), linear(128, 10)]);
 * ```
 */
export function sequential(layers: readonly LayerLike[]): Layer;
export function sequential<X>(layers: readonly [Layer<X>, ...LayerLike[]]): Layer<X>;
export function sequential<X>(layers: readonly (Layer<X> | LayerLike)[]): Layer<X> {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new OptionError("sequential: needs an array of at least one layer");
  }
  // What the types say of the first layer holds for all within: each takes what the one before gives.
  const steps = layers.map((layer, i) => asLayer(layer as LayerLike, i));
  const last = steps.at(-1)!;
  const beforeLast = (x: X, context: Context): Tensor =>
    steps.slice(0, -1).reduce((y, layer, i) => context.run(String(i), layer, y), x as Tensor);
  const lastName = String(steps.length - 1);
  const all: Layer<X> = {
    name: "sequential",
    inputShape: steps[0]!.inputShape,
    input: steps[0]!.input,
    apply: (x, context) => context.run(lastName, last, beforeLast(x, context)),
  };
  if (last.logits === undefined) return all;
  return { ...all, logits: (x, context) => context.runLogits(lastName, last, beforeLast(x, context)) };
}

function asLayer(layer: LayerLike, position: number): Layer {
  if (typeof layer === "function") return activation(layer);
  if (typeof layer?.apply === "function") return layer;
  throw new ValueError(
    `sequential: layer ${position} is ${String(layer)}; a layer is { name, apply(x, context) }, or a function of a tensor`,
  );
}
