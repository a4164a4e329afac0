import type { HostTensor } from "@surprisal/core";
import type { RandomStream } from "./random-stream.ts";

/**
 * Glorot's uniform initialiser for a kernel [inputs, units]: U(−a, a) with a = √(6 / (inputs + units)); Keras' default
 * (Glorot & Bengio 2010).
 */
export function glorotUniform(inputs: number, units: number, random: RandomStream): HostTensor {
  const limit = Math.sqrt(6 / (inputs + units));
  const data = Float32Array.from({ length: inputs * units }, () => (2 * random.nextFloat() - 1) * limit);
  return { shape: [inputs, units], data };
}
