import { add, checkKeys, div, mean, mul, OptionError, ShapeError, sqrt, square, sub } from "@surprisal/core";
import type { Layer } from "./layer.ts";

export interface LayerNormOptions {
  /** Added to the variance (default 1e-5, PyTorch's; Keras has 1e-3). */
  readonly epsilon?: number;
}

/**
 * Layer normalisation over the last axis (Ba, Kiros & Hinton 2016): y = γ·(x − mean)/√(variance + ε) + β, with the
 * biased variance (`torch.nn.LayerNorm`). γ begins with 1, β with 0.
 */
export function layerNorm(options: LayerNormOptions = {}): Layer {
  checkKeys("layerNorm", options, ["epsilon"]);
  const { epsilon = 1e-5 } = options;
  if (!(epsilon >= 0)) throw new OptionError(`layerNorm: epsilon is a number ≥ 0, not ${String(epsilon)}`);
  return {
    name: "layerNorm",
    apply(x, context) {
      const shape = x.shape.slice(-1);
      if (shape.length === 0) throw new ShapeError("layerNorm: the input is a scalar []; it is [..., features]");
      const gamma = context.parameter("gamma", shape, "ones");
      const beta = context.parameter("beta", shape, "zeros");
      const centred = sub(x, mean(x, -1, { keepDims: true }));
      const variance = mean(square(centred), -1, { keepDims: true });
      return add(mul(div(centred, sqrt(add(variance, epsilon))), gamma), beta);
    },
  };
}
