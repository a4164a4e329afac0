import {
  checkKeys,
  type Device,
  OptionError,
  type Parameter,
  type Scope,
  type Shape,
  ShapeError,
  type Tensor,
  ValueError,
} from "@surprisal/core";
import { initialValues } from "../layers/initialisers.ts";
import type { Layer } from "../layers/layer.ts";
import { sameShape } from "../layers/same-shape.ts";
import { randomStream } from "../random/random-stream.ts";
import { endingOf } from "./final-softmax.ts";
import { type Forward, forward, nameNumber, type ParameterSource, RANDOM } from "./forward.ts";
import { type LayerSummary, summaryTable } from "./summary.ts";

export interface BuildOptions {
  /** The shape of one example, where the first layer does not know it: `[784]`. */
  readonly inputShape?: Shape;
  /** Where the first values come from, and what training draws (default 0): a whole number from 0 to 2^53 − 1. */
  readonly seed?: number;
}

/** How a model is applied. */
export interface ApplyOptions {
  /** Tensors in place of the model's own parameters: what `valueAndGrad` hands to its function. */
  readonly parameters?: Readonly<Record<string, Tensor>>;
  /** Whether this is a step of training (default false): dropout drops. */
  readonly training?: boolean;
  /** The number of the step, which random layers draw from. They need it in training. */
  readonly step?: number;
  /** Default: the model's. */
  readonly seed?: number;
}

/** A layer with its parameters, on a device. */
export interface Model<X = Tensor> {
  readonly device: Device;
  readonly layer: Layer<X>;
  readonly seed: number;
  /** By name: `"0.w"`. They live until `dispose`, or until the device is closed. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** The output for a batch, as a tensor of the youngest scope among `x` and the parameters. */
  apply(x: X, options?: ApplyOptions): Tensor;
  /** What goes into the softmax that the model ends with; its output where it ends with none. What losses take. */
  logits(x: X, options?: ApplyOptions): Tensor;
  /** Its layers as a table, with what they give and how many numbers they learn. */
  summary(): string;
  /** Frees the parameters. */
  dispose(): void;
}

/**
 * Makes a layer's parameters on a device, by running it once on a row of zeros.
 *
 * ```js
 * const model = buildModel(device, sequential([linear(784, 128), relu, linear(128, 10)]), { seed: 7 });
 * const logits = model.apply(step.tensor(images));
 * ```
 *
 * The same layer may be built more than once, on one device or several: each model has parameters of its own. The same
 * seed gives the same bits, whatever the machine.
 * @throws OptionError where no layer says what shape comes in, ShapeError where layers do not fit
 */
export function buildModel<X>(device: Device, layer: Layer<X>, options: BuildOptions = {}): Model<X> {
  checkKeys("buildModel", options, ["inputShape", "seed"]);
  const { seed = 0, inputShape = layer.inputShape } = options;
  if (inputShape === undefined) {
    throw new OptionError(
      `buildModel: the first layer of "${layer.name}" takes what comes; say what one example is: { inputShape: [784] }`,
    );
  }
  const { parameters, layers } = made(device, layer, inputShape, seed);
  const running = (options: ApplyOptions = {}): Forward => {
    checkKeys("apply", options, ["parameters", "training", "step", "seed"]);
    const { training = false, step } = options;
    return { device, training, step, seed: options.seed ?? seed, parameters: among(options.parameters ?? parameters) };
  };
  return {
    device,
    layer,
    seed,
    parameters,
    apply: (x, options) => forward(running(options), (context) => layer.apply(x, context)),
    logits: (x, options) =>
      forward(running(options), (context) =>
        layer.logits ? layer.logits(x, context) : endingOf(layer.apply(x, context)).logits,
      ),
    summary: () => summaryTable(layers, countOf(parameters, "")),
    dispose() {
      for (const parameter of Object.values(parameters)) parameter.dispose();
    },
  };
}

/** Runs a layer on one row of zeros, and makes each parameter where it is first asked for. */
function made<X>(
  device: Device,
  layer: Layer<X>,
  inputShape: Shape,
  seed: number,
): { parameters: Record<string, Parameter>; layers: LayerSummary[] } {
  const parameters: Record<string, Parameter> = {};
  const outputs: Omit<LayerSummary, "parameters">[] = [];
  const step = device.scope();
  try {
    const run: Forward = {
      device,
      training: false,
      seed,
      step: undefined,
      parameters: making(device, step, parameters, seed),
      ran: (path, { name }, output) => outputs.push({ path, name, output }),
    };
    const output = forward(run, (context) => layer.apply(sample(layer, step, inputShape), context));
    if (outputs.length === 0) outputs.push({ path: "", name: layer.name, output: output.shape });
  } catch (error) {
    for (const parameter of Object.values(parameters)) parameter.dispose();
    throw error;
  } finally {
    step.dispose();
  }
  const layers = outputs.map((layer) => ({
    ...layer,
    parameters: countOf(parameters, layer.path === "" ? "" : `${layer.path}.`),
  }));
  return { parameters, layers };
}

/** One row of zeros: as a tensor, or as indices on the host. */
function sample<X>(layer: Layer<X>, step: Scope, inputShape: Shape): X {
  const shape = [1, ...inputShape];
  const zeros = { shape, data: new Float32Array(shape.reduce((product, axis) => product * axis, 1)) };
  // A layer's `input` says which of the two its X is.
  return (layer.input === "indices" ? zeros : step.tensor(zeros)) as X;
}

/** Makes parameters as they are asked for; each name has a random stream of its own. */
function making(device: Device, step: Scope, parameters: Record<string, Parameter>, seed: number): ParameterSource {
  return (name, shape, initialiser, fans) => {
    const known = parameters[name];
    if (known !== undefined) return step.borrow(withShape(name, known, shape));
    const random = randomStream(seed, RANDOM.parameters, nameNumber(name));
    const parameter = device.parameter(initialValues(initialiser, shape, random, fans));
    parameters[name] = parameter;
    return step.borrow(parameter as Tensor);
  };
}

/** Finds parameters that were made before. */
function among(parameters: Readonly<Record<string, Tensor>>): ParameterSource {
  return (name, shape) => {
    const parameter = parameters[name];
    if (parameter !== undefined) return withShape(name, parameter, shape);
    throw new ValueError(
      `apply: there is no parameter "${name}" among ${Object.keys(parameters).join(", ")}; layers ask for the same ones in every run`,
    );
  };
}

function withShape(name: string, parameter: Tensor, shape: Shape): Tensor {
  if (sameShape(parameter.shape, shape)) return parameter;
  throw new ShapeError(
    `apply: parameter "${name}" is [${parameter.shape.join(", ")}], and this input needs [${shape.join(", ")}]: the model was built for inputs of another shape`,
  );
}

function countOf(parameters: Readonly<Record<string, Tensor>>, prefix: string): number {
  return Object.entries(parameters).reduce((sum, [name, { size }]) => sum + (name.startsWith(prefix) ? size : 0), 0);
}
