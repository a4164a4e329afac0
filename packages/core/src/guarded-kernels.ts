import type { Kernels } from "./backend.ts";
import { BackendError, messageOf } from "./errors.ts";

/** Every kernel of the contract, so that a kernel table may be an object of any kind, a class instance included. */
const KERNEL_NAMES: Record<keyof Kernels, true> = {
  gemm: true,
  unary: true,
  binary: true,
  select: true,
  reduce: true,
  rearrange: true,
  fill: true,
  gatherRows: true,
  scatterAddRows: true,
  softmaxCrossEntropy: true,
  linear: true,
  linearGradient: true,
  linearCrossEntropy: true,
  sgd: true,
  adamw: true,
};

/** A backend's kernels, with a failure at the call told as the typed error that a read would give. */
export function guarded(kernels: Kernels, backend: string): Kernels {
  const table: Record<string, unknown> = {};
  for (const name of Object.keys(KERNEL_NAMES) as (keyof Kernels)[]) {
    if (kernels[name] === undefined) continue;
    const kernel = (kernels[name] as (...call: unknown[]) => void).bind(kernels);
    table[name] = (outputs: unknown, inputs: unknown, params: unknown): void => {
      try {
        kernel(outputs, inputs, params);
      } catch (cause) {
        throw new BackendError(`${name}: ${backend} failed: ${messageOf(cause)}`, { cause });
      }
    };
  }
  // The same names with the same calls: the loop above has lost only their types.
  return table as unknown as Kernels;
}
