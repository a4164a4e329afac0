import { type Device, OptionError, type Shape, type Tensor } from "@surprisal/core";
import type { Fans, Initialiser, InitialiserName } from "../layers/initialisers.ts";
import type { Context, Layer } from "../layers/layer.ts";
import { type RandomStream, randomStream } from "../random/random-stream.ts";

/** Where a run of a model finds its parameters, by their full names. */
export type ParameterSource = (
  name: string,
  shape: Shape,
  initialiser: InitialiserName | Initialiser,
  fans: Fans | undefined,
) => Tensor;

/** One run of a layer and all within it. */
export interface Forward {
  readonly device: Device;
  readonly parameters: ParameterSource;
  readonly training: boolean;
  readonly seed: number;
  readonly step: number | undefined;
  /** Told of every layer inside the outermost, in the order in which they finish. */
  readonly ran?: (path: string, layer: { readonly name: string }, output: Shape) => void;
}

/** What the streams of a seed are for: their first key. */
export const RANDOM = { parameters: 1, layers: 2, shuffle: 3 } as const;

/** Runs a function of a layer in a context of its own; constants that were made on the way are freed. */
export function forward(run: Forward, body: (context: Context) => Tensor): Tensor {
  const constants: Tensor[] = [];
  try {
    return body(contextOf(run, "", constants));
  } finally {
    // A recording that needs one keeps it.
    for (const constant of constants) constant.dispose();
  }
}

function contextOf(run: Forward, path: string, constants: Tensor[]): Context {
  const { device, training, seed, step, ran } = run;
  const inside = <X>(name: string, layer: Layer<X>, body: (context: Context) => Tensor): Tensor => {
    const output = body(contextOf(run, `${path}${name}.`, constants));
    ran?.(`${path}${name}`, layer, output.shape);
    return output;
  };
  return {
    training,
    parameter: (name, shape, initialiser, fans) => run.parameters(path + name, shape, initialiser, fans),
    random: () => layerStream(seed, path, step),
    constant(values, shape) {
      const constant = device.tensor({ data: values, shape });
      constants.push(constant);
      return constant;
    },
    run: (name, layer, x) => inside(name, layer, (context) => layer.apply(x, context)),
    runLogits: (name, layer, x) => inside(name, layer, (context) => layer.logits!(x, context)),
  };
}

function layerStream(seed: number, path: string, step: number | undefined): RandomStream {
  if (step === undefined) {
    throw new OptionError(
      `random: layer "${path.slice(0, -1)}" draws anew in each step of training; pass its number: apply(x, { training: true, step })`,
    );
  }
  return randomStream(seed, RANDOM.layers, nameNumber(path), step);
}

/** A 32-bit number for a name (FNV-1a): layers keep their streams when others come or go. */
export function nameNumber(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
