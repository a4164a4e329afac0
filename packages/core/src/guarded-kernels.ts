import type { Kernels, RequiredKernels } from "./backend.ts";

/** The kernels that every backend has. */
export const requiredKernels: Readonly<Record<keyof RequiredKernels, true>> = {
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
};

/** Every kernel of the contract, so that a kernel table may be an object of any kind, a class instance included. */
const allKernels: Readonly<Record<keyof Kernels, true>> = {
  ...requiredKernels,
  linear: true,
  linearGradient: true,
  linearCrossEntropy: true,
  sgd: true,
  adamw: true,
};

/** A kernel whose call is passed on as it is. */
type AnyKernel = (outputs: unknown, inputs: unknown, params: unknown) => void;

/** A backend's kernels with a failure at the call told as the typed error that `failure` makes of it. */
export function guarded(kernels: Kernels, failure: (kernel: string, cause: unknown) => Error): Kernels {
  return eachKernel(kernels, (name, kernel) => (outputs, inputs, params) => {
    try {
      kernel(outputs, inputs, params);
    } catch (cause) {
      throw failure(name, cause);
    }
  });
}

/** The same kernels as functions of their own, each as `change` makes it. */
export function eachKernel(kernels: Kernels, change: (name: keyof Kernels, kernel: AnyKernel) => AnyKernel): Kernels {
  const table: Record<string, AnyKernel> = {};
  for (const name of Object.keys(allKernels) as (keyof Kernels)[]) {
    if (kernels[name] !== undefined) table[name] = change(name, (kernels[name] as AnyKernel).bind(kernels));
  }
  // The same names with the same calls: the loop above has lost only their types.
  return table as unknown as Kernels;
}
