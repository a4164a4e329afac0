import { mul, OptionError } from "@surprisal/core";
import type { Layer } from "./layer.ts";

/**
 * Dropout (Srivastava et al. 2014): in training each number is 0 with probability `rate` and 1/(1 − rate) times itself
 * otherwise; outside of training nothing happens. The mask comes from the host generator under (seed, layer, step), so it
 * is the same on every backend.
 * @throws OptionError unless 0 ≤ rate < 1
 */
export function dropout(rate: number): Layer {
  if (!(rate >= 0 && rate < 1)) throw new OptionError(`dropout: the rate is from 0 to below 1, not ${String(rate)}`);
  return {
    name: "dropout",
    apply(x, context) {
      if (!context.training || rate === 0) return x;
      const words = new Uint32Array(x.size);
      context.random().fillUint32(words);
      const threshold = rate * 2 ** 32;
      const kept = 1 / (1 - rate);
      const mask = new Float64Array(x.size);
      for (let i = 0; i < mask.length; i++) mask[i] = words[i]! < threshold ? 0 : kept;
      return mul(x, context.constant(mask, x.shape));
    },
  };
}
