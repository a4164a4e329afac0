import { checkKeys, type HostTensor, OptionError, type Shape } from "@surprisal/core";
import type { RandomStream } from "../random/random-stream.ts";
import { standardNormal } from "../random/standard-normal.ts";

/** How many numbers flow into and out of a parameter's unit: what the spread of its first values is taken from. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** How a parameter begins: a source of numbers, drawn in row-major order. + − × ÷ and square roots only. */
export type Initialiser = (fans: Fans) => (random: RandomStream) => number;

/** Uniform in [low, high). */
export function uniform(low: number, high: number): Initialiser {
  return () => (random) => low + (high - low) * random.nextFloat();
}

/** Normal. */
export function normal(mean: number, deviation: number): Initialiser {
  return () => (random) => mean + deviation * standardNormal(random);
}

const within =
  (limit: (fans: Fans) => number): Initialiser =>
  (fans) => {
    const a = limit(fans);
    return (random) => (2 * random.nextFloat() - 1) * a;
  };

/** The deviation that is left of a normal distribution of deviation 1 that is cut off at ±2. */
const DEVIATION_WITHIN_TWO = 0.87962566103423978;

/** Normal, cut off at two deviations, of the variance given (Keras' VarianceScaling with `truncated_normal`). */
const truncated =
  (variance: (fans: Fans) => number): Initialiser =>
  (fans) => {
    const deviation = Math.sqrt(variance(fans)) / DEVIATION_WITHIN_TWO;
    return (random) => {
      for (;;) {
        const z = standardNormal(random);
        if (Math.abs(z) <= 2) return z * deviation;
      }
    };
  };

const constant =
  (value: number): Initialiser =>
  () =>
  () =>
    value;

export type InitialiserName =
  | "zeros"
  | "ones"
  | "glorotUniform"
  | "glorotNormal"
  | "heUniform"
  | "heNormal"
  | "fanInUniform"
  | "uniform"
  | "normal";

/** Names and formulas are Keras', but for `fanInUniform`, PyTorch's default for Linear's weight and bias. */
const initialisers: Readonly<Record<InitialiserName, Initialiser>> = {
  zeros: constant(0),
  ones: constant(1),
  /** U(−a, a), a = √(6 / (fanIn + fanOut)) (Glorot & Bengio 2010) */
  glorotUniform: within(({ fanIn, fanOut }) => Math.sqrt(6 / (fanIn + fanOut))),
  /** variance 2 / (fanIn + fanOut), cut off at two deviations */
  glorotNormal: truncated(({ fanIn, fanOut }) => 2 / (fanIn + fanOut)),
  /** U(−a, a), a = √(6 / fanIn) (He et al. 2015) */
  heUniform: within(({ fanIn }) => Math.sqrt(6 / fanIn)),
  /** variance 2 / fanIn, cut off at two deviations */
  heNormal: truncated(({ fanIn }) => 2 / fanIn),
  /** U(−a, a), a = 1 / √fanIn */
  fanInUniform: within(({ fanIn }) => 1 / Math.sqrt(fanIn)),
  /** U(−0.05, 0.05), Keras' RandomUniform; for other limits `uniform(low, high)` */
  uniform: uniform(-0.05, 0.05),
  /** deviation 0.05, Keras' RandomNormal; for another `normal(mean, deviation)` */
  normal: normal(0, 0.05),
};

/**
 * First values of a parameter, on the host.
 *
 * ```js
 * const w = device.parameter(initialValues("heNormal", [784, 128], randomStream(7)));
 * ```
 * @param fans where the shape does not say: a shape [inputs, units] has these two, [n] has n and n
 * @throws OptionError for a name that does not exist
 */
export function initialValues(
  initialiser: InitialiserName | Initialiser,
  shape: Shape,
  random: RandomStream,
  fans: Fans = fansOf(shape),
): HostTensor {
  checkKeys("initialValues", fans, ["fanIn", "fanOut"]);
  const draw = initialiserOf(initialiser)(fans);
  const size = shape.reduce((product, axis) => product * axis, 1);
  const data = new Float32Array(size);
  for (let i = 0; i < size; i++) data[i] = draw(random);
  return { shape, data };
}

/** Glorot's uniform initialiser for a kernel [inputs, units]: Keras' default. See {@link initialValues}. */
export function glorotUniform(inputs: number, units: number, random: RandomStream): HostTensor {
  return initialValues("glorotUniform", [inputs, units], random);
}

function initialiserOf(initialiser: InitialiserName | Initialiser): Initialiser {
  if (typeof initialiser === "function") return initialiser;
  if (Object.hasOwn(initialisers, initialiser)) return initialisers[initialiser];
  const names = Object.keys(initialisers).join(", ");
  throw new OptionError(`initialValues: there is no initialiser "${initialiser}"; there are ${names}`);
}

/** Keras' rule: the last two axes, with all before them in both. */
function fansOf(shape: Shape): Fans {
  const [inputs = 1, units = inputs] = shape.slice(-2);
  const field = shape.slice(0, -2).reduce((product, axis) => product * axis, 1);
  return { fanIn: inputs * field, fanOut: units * field };
}
