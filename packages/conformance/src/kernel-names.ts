import type { Fusions, Kernels, RequiredKernels } from "@surprisal/core";

/** A kernel of the contract, by name. */
export type KernelName = keyof Kernels;

/** The kernels that every backend has. */
export const requiredKernels: readonly (keyof RequiredKernels)[] = [
  "gemm",
  "unary",
  "binary",
  "select",
  "reduce",
  "rearrange",
  "fill",
  "gatherRows",
  "scatterAddRows",
  "softmaxCrossEntropy",
];

/** The optional kernels. */
const fusions: readonly (keyof Fusions)[] = ["linear", "linearGradient", "linearCrossEntropy", "sgd", "adamw"];

/** The handles of a call, by the names that the contract gives them. */
export type Operands<H> = Readonly<Record<string, H | undefined>>;

/** Any kernel, once its name has been looked up. */
export type AnyKernel<H> = (outputs: Operands<H>, inputs: Operands<H>, params: object) => void;

/** The kernel of that name, bound to its table; undefined for a fusion that the backend has not. */
export function kernelOf<H>(kernels: Kernels<H>, name: KernelName): AnyKernel<H> | undefined {
  const kernel = kernels[name];
  // The kernels of the contract differ in the names of their operands only.
  return kernel === undefined ? undefined : (kernel.bind(kernels) as unknown as AnyKernel<H>);
}

/** Every handle of a group of operands through `translate`; absent ones stay absent. */
export function mapOperands<From, To>(
  operands: Operands<From>,
  translate: (handle: From, name: string) => To,
): Operands<To> {
  const mapped: Record<string, To> = {};
  // A pair for each would be garbage by the million.
  for (const name of Object.keys(operands)) {
    const handle = operands[name];
    if (handle !== undefined) mapped[name] = translate(handle, name);
  }
  return mapped;
}

/** Builds a table of kernels from one that runs any of them by name: `names` are the kernels that it has. */
export function kernelTable<H>(
  names: readonly KernelName[],
  run: (name: KernelName, outputs: Operands<H>, inputs: Operands<H>, params: object) => void,
): Kernels<H> {
  const table: Record<string, AnyKernel<H>> = {};
  for (const name of names) table[name] = (outputs, inputs, params) => run(name, outputs, inputs, params);
  // `names` says which kernels there are; what each takes, only the contract knows.
  return table as unknown as Kernels<H>;
}

/** The names of the kernels that a backend has. */
export function offeredKernels(kernels: Kernels): readonly KernelName[] {
  return [...requiredKernels, ...fusions.filter((name) => kernels[name] !== undefined)];
}
