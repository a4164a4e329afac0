import type { Shape, Tensor } from "@surprisal/core";
import type { RandomStream } from "../random/random-stream.ts";
import type { Fans, Initialiser, InitialiserName } from "./initialisers.ts";

/**
 * One step of a model, as a plain object that knows no device: a name, and a function of its input. What it learns, it asks
 * its context for; `buildModel` runs it once and makes what was asked for.
 *
 * ```js
 * const scale = { name: "scale", apply: (x, context) => mul(x, context.parameter("gain", x.shape.slice(-1), "ones")) };
 * ```
 *
 * `X` is what it takes: a tensor [rows, …], or for embeddings {@link Indices} on the host.
 */
export interface Layer<X = Tensor> {
  /** What it is, for `summary`. */
  readonly name: string;
  /** Its output. Called anew for every batch; the same input, parameters and context give the same output. */
  apply(x: X, context: Context): Tensor;
  /**
   * Where the output is a softmax: what goes into it, so that apply(x) = softmax(logits(x)). Losses start from there, since
   * a softmax in float32 has lost what a confident row's loss is made of.
   */
  logits?(x: X, context: Context): Tensor;
  /** The shape of one example, where the layer knows it: `[784]`. */
  readonly inputShape?: Shape | undefined;
  /** What it takes: a tensor (default), or integers that stay on the host. */
  readonly input?: "tensor" | "indices" | undefined;
}

/** A layer, or a function of a tensor (core's `relu`, say) as a layer without parameters. */
export type LayerLike = Layer | ((x: Tensor) => Tensor);

/** What surrounds a layer while it runs. */
export interface Context {
  /** Whether this is a step of training: dropout drops then, and only then. */
  readonly training: boolean;
  /**
   * The parameter of this name, made on the first run: its shape, and what it is filled with. The same name is the same
   * parameter.
   * @param fans how many numbers it joins, where the shape [inputs, units] does not say
   */
  parameter(name: string, shape: Shape, initialiser: InitialiserName | Initialiser, fans?: Fans): Tensor;
  /** A random stream of this layer and this step of training. */
  random(): RandomStream;
  /** Host numbers as a tensor, for this run alone: it is freed when the model has been applied. */
  constant(values: ArrayLike<number>, shape: Shape): Tensor;
  /** Runs a layer inside this one; `name` goes in front of the names of its parameters. */
  run<X>(name: string, layer: Layer<X>, x: X): Tensor;
  /** As {@link Context.run}, for the logits of a layer that has them. */
  runLogits<X>(name: string, layer: Layer<X>, x: X): Tensor;
}
