import type { Backend, BackendProvider, Facts, HostArray, Kind, RequiredKernels } from "@surprisal/core";
import { binary, fill, select, unary } from "./elementwise.ts";
import { gemm } from "./matrix-product.ts";
import { rearrange } from "./rearrange.ts";
import { reduce } from "./reduce.ts";
import { gatherRows, scatterAddRows } from "./rows.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

/** Memory of the plain backend: one typed array, until it is freed. */
export interface PlainHandle {
  data: HostArray | undefined;
}

export interface PlainOptions {
  /** `"f32"` (default) stores float32, computes in float64 and rounds once; `"f64"` is float64 throughout. */
  readonly precision?: "f32" | "f64";
}

/**
 * The contract in plain TypeScript: every required kernel and no fusion, no WebAssembly, no thread. Each call computes
 * before it returns, so the queue is always empty and nothing can fail later; a mistake of the caller throws at once.
 *
 * ```ts
 * const device = await openDevice([plain({ precision: "f64" })]);
 * ```
 */
export function plain(options: PlainOptions = {}): BackendProvider<PlainHandle> {
  const { precision = "f32" } = options;
  const unknown = Object.keys(options).find((key) => key !== "precision");
  if (unknown !== undefined) throw new RangeError(`plain: there is no option "${unknown}"; the option is precision`);
  if (!Object.hasOwn(formats, precision)) {
    throw new RangeError(`plain: precision is "f32" or "f64", not ${JSON.stringify(precision)}`);
  }
  return { name: "plain", open: () => openPlain(precision) };
}

const formats = {
  f32: { Float: Float32Array, floatBytes: 4, precision: "f32-rounded" },
  f64: { Float: Float64Array, floatBytes: 8, precision: "f64" },
} as const;

/** The kernels, as functions of typed arrays. */
const arrayKernels: RequiredKernels<HostArray> = {
  gemm,
  unary,
  binary,
  select,
  reduce,
  rearrange,
  fill,
  gatherRows,
  scatterAddRows,
  softmaxCrossEntropy,
};

function openPlain(format: "f32" | "f64"): Backend<PlainHandle> {
  const { Float, floatBytes, precision } = formats[format];
  const facts: Facts = {
    name: "plain",
    precision,
    floatBytes,
    variant: `plain-${format}`,
    strictNonFinite: true,
    // Some engines have longer typed arrays; up to here every index is an int32.
    maxLength: 2 ** 31 - 1,
    innerClass: true,
    lossTerms: true,
    lossDiagnostics: true,
    lossTemperature: true,
    lossMarks: true,
    threads: 1,
    device: "JavaScript",
  };

  return {
    facts,
    kernels: onHandles(arrayKernels),
    alloc(kind: Kind, length: number): PlainHandle {
      if (!Number.isInteger(length) || length < 0 || length > facts.maxLength) {
        throw new RangeError(`plain: alloc: the length is ${length}, not an integer from 0 to ${facts.maxLength}`);
      }
      return { data: kind === "i32" ? new Int32Array(length) : new Float(length) };
    },
    free(handle: PlainHandle): void {
      live(handle, "free");
      handle.data = undefined;
    },
    write(handle: PlainHandle, data: ArrayLike<number>): void {
      const target = live(handle, "write");
      if (data.length !== target.length) {
        throw new RangeError(`plain: write: the data has ${data.length} elements, the handle ${target.length}`);
      }
      target.set(data);
    },
    async read(handle: PlainHandle): Promise<HostArray> {
      return live(handle, "read").slice();
    },
    async close(): Promise<void> {},
  };
}

function live(handle: PlainHandle, use: string): HostArray {
  if (handle.data === undefined) throw new Error(`plain: ${use}: the handle was freed before`);
  return handle.data;
}

type Named<T> = { readonly [name: string]: T | undefined };
type Kernel<H> = (outputs: Named<H>, inputs: Named<H>, params: unknown) => void;

/** The same kernels on handles. */
function onHandles(kernels: RequiredKernels<HostArray>): RequiredKernels<PlainHandle> {
  const open = (handles: Named<PlainHandle>, use: string): Named<HostArray> => {
    const arrays: Record<string, HostArray> = {};
    for (const [name, handle] of Object.entries(handles)) if (handle) arrays[name] = live(handle, `${use}: ${name}`);
    return arrays;
  };
  // Every kernel has one form, which its own type only narrows.
  const entries = Object.entries(kernels) as [string, Kernel<HostArray>][];
  const wrapped = entries.map(([kernel, run]): [string, Kernel<PlainHandle>] => [
    kernel,
    (outputs, inputs, params) => run(open(outputs, kernel), open(inputs, kernel), params),
  ]);
  return Object.fromEntries(wrapped) as unknown as RequiredKernels<PlainHandle>;
}
