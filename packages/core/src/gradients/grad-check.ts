import { GradientError, OptionError } from "../errors.ts";
import { upload } from "../ops/apply.ts";
import { mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/sum.ts";
import { checkKeys } from "../options.ts";
import { Region, type Tensor } from "../tensor.ts";
import { called, gradientsOf, hessianTimes } from "./recorded.ts";
import { type Like, overTensors, type TensorFunction, tensorsOf } from "./structure.ts";
import { regionOf } from "./transforms.ts";

export interface GradCheckOptions {
  /** 1 checks gradients, 2 Hessian-vector products against differences of gradients (default 1). */
  readonly order?: 1 | 2;
  /** The largest error allowed, in units of max(1, largest derivative): 1e-9 for order 1, 1e-8 for order 2. */
  readonly tolerance?: number;
  /** The step of the coarsest difference, relative to max(1, |x|) (default 0.02). */
  readonly step?: number;
  /** At most this many elements of each parameter are tried, spread evenly (default 64). */
  readonly elements?: number;
}

/** What {@link gradCheck} found: `ok`, and the worst element. */
export interface GradCheckReport {
  readonly ok: boolean;
  readonly tolerance: number;
  readonly worst: {
    /** Which parameter, in the order of the structure. */
    readonly parameter: number;
    readonly element: number;
    readonly analytic: number;
    readonly numeric: number;
    /** |analytic − numeric| in units of max(1, largest derivative). */
    readonly error: number;
  };
}

/**
 * Compares derivatives with Richardson-extrapolated central differences of sixth order, element by element. `f` may
 * return any shape; its elements are then weighted with fixed numbers. Needs a device that computes in float64: in
 * float32 a difference proves nothing.
 *
 * ```ts
 * const { ok } = await gradCheck((x) => sum(exp(x)), device.tensor([0.1, 0.2]));
 * ```
 */
export async function gradCheck<T extends object>(
  f: (params: NoInfer<Like<T>>) => Tensor,
  params: T,
  options: GradCheckOptions = {},
): Promise<GradCheckReport> {
  checkKeys("gradCheck", options, ["order", "tolerance", "step", "elements"]);
  const { order = 1, step = 0.02, elements = 64 } = options;
  if (order !== 1 && order !== 2) throw new OptionError(`gradCheck: order is 1 or 2, not ${String(order)}`);
  const { tolerance = order === 1 ? 1e-9 : 1e-8 } = options;
  for (const [name, value] of Object.entries({ tolerance, step, elements })) {
    if (!(typeof value === "number" && value > 0)) {
      throw new OptionError(`gradCheck: ${name} is a number above 0, not ${String(value)}`);
    }
  }
  const sources = tensorsOf("gradCheck", params);
  const parent = regionOf("gradCheck", sources);
  const { facts } = parent.runtime;
  if (facts.floatBytes !== 8) {
    throw new GradientError(
      `gradCheck: ${facts.name} computes in float32, whose differences prove nothing; open a float64 device`,
    );
  }
  const point = await Promise.all(sources.map(async (x) => ({ data: await x.data(), shape: x.shape })));
  const flat = overTensors("gradCheck", f, params);
  /** What `measured` finds at a point, in a region of its own. */
  const at =
    <R>(measured: Measured<R>) =>
    async (values: Point): Promise<R> => {
      const region = new Region(parent.runtime, parent);
      try {
        const tensors = values.map((data, i) => upload("gradCheck", region, data, point[i]!.shape));
        return await measured(region, (inputs) => weighted(flat(inputs)), tensors);
      } finally {
        region.end();
      }
    };
  return compare(
    point.map(({ data }) => data),
    at(order === 1 ? valueAt : slopeAt),
    at(order === 1 ? gradientAt : hessianProductAt),
    tolerance,
    step,
    elements,
  );
}

type Point = readonly ArrayLike<number>[];

/** Reads numbers of a function at a point whose tensors are in the region. */
type Measured<R> = (region: Region, f: TensorFunction, params: readonly Tensor[]) => Promise<R>;

const valueAt: Measured<number> = async (_, f, params) => called("gradCheck", f, params).item();

const gradientAt: Measured<Float64Array> = async (region, f, params) =>
  joined(gradientsOf("gradCheck", region, f, params).gradients);

const directionsFor = (region: Region, params: readonly Tensor[]): readonly Tensor[] =>
  params.map((x) => upload("gradCheck", region, spread(x.size), x.shape));

/** The gradient along the direction whose Hessian-vector product {@link hessianProductAt} is. */
const slopeAt: Measured<number> = async (region, f, params) => {
  const [gradient, direction] = [await gradientAt(region, f, params), await joined(directionsFor(region, params))];
  return gradient.reduce((total, g, i) => total + g * direction[i]!, 0);
};

const hessianProductAt: Measured<Float64Array> = async (region, f, params) =>
  joined(hessianTimes("gradCheck", region, f, params, directionsFor(region, params)).products);

async function compare(
  point: Point,
  valueAt: (point: Point) => Promise<number>,
  derivativeAt: (point: Point) => Promise<Float64Array>,
  tolerance: number,
  step: number,
  elements: number,
): Promise<GradCheckReport> {
  const analytic = await derivativeAt(point);
  const largest = analytic.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  let worst = { parameter: 0, element: 0, analytic: 0, numeric: 0, error: 0 };
  let offset = 0;
  for (const [parameter, data] of point.entries()) {
    const stride = Math.max(1, Math.ceil(data.length / elements));
    for (let element = 0; element < data.length; element += stride) {
      const h = step * Math.max(1, Math.abs(data[element]!));
      const numeric = await richardson((delta) => {
        const moved = Float64Array.from(data);
        moved[element]! += delta;
        return valueAt(point.with(parameter, moved));
      }, h);
      const expected = analytic[offset + element]!;
      const error = Math.abs(expected - numeric) / largest;
      // The first NaN is the worst.
      if (!(error <= worst.error) && !Number.isNaN(worst.error))
        worst = { parameter, element, analytic: expected, numeric, error };
    }
    offset += data.length;
  }
  return { ok: worst.error <= tolerance, tolerance, worst };
}

/** Three central differences with steps h, h/2, h/4, extrapolated to order h⁶. */
async function richardson(f: (delta: number) => Promise<number>, h: number): Promise<number> {
  const central = async (d: number): Promise<number> => ((await f(d)) - (await f(-d))) / (2 * d);
  const [coarse, middle, fine] = [await central(h), await central(h / 2), await central(h / 4)];
  const [first, second] = [(4 * middle - coarse) / 3, (4 * fine - middle) / 3];
  return (16 * second - first) / 15;
}

/** Σ f_i·r_i with fixed weights, so that no two elements cancel by symmetry. */
function weighted(output: Tensor): Tensor {
  if (output.size === 1) return output;
  return sum(mul(output, upload("gradCheck", output.region, spread(output.size), output.shape)));
}

/** Fixed numbers between −1.5 and 1.5, none of them small: multiples of the golden ratio, wrapped. */
function spread(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => {
    const fraction = ((i + 1) * 0.6180339887498949) % 1;
    return (fraction + 0.5) * (i % 2 === 0 ? 1 : -1);
  });
}

async function joined(tensors: readonly Tensor[]): Promise<Float64Array> {
  const parts = await Promise.all(tensors.map((tensor) => tensor.data()));
  return Float64Array.from(parts.flatMap((part) => [...part]));
}
