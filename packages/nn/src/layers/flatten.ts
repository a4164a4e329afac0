import { checkKeys, reshape, type Shape, ShapeError } from "@surprisal/core";
import type { Layer } from "./layer.ts";

export interface FlattenOptions {
  /** The shape of one example, where this is the first layer: `[28, 28]`. */
  readonly inputShape?: Shape;
}

/** [rows, …] as [rows, numbers]: all axes but the first in one (`keras.layers.Flatten`, `torch.nn.Flatten`). */
export function flatten(options: FlattenOptions = {}): Layer {
  checkKeys("flatten", options, ["inputShape"]);
  return {
    name: "flatten",
    inputShape: options.inputShape,
    apply(x) {
      const [rows, ...rest] = x.shape;
      if (rows === undefined) throw new ShapeError("flatten: the input is a scalar []; it is [rows, …]");
      return reshape(x, [rows, rest.reduce((product, axis) => product * axis, 1)]);
    },
  };
}
