import type { RequiredKernels } from "@surprisal/core";

/** A handle is its memory. */
export type Numbers = Float32Array | Int32Array;

export type Kernel<Name extends keyof RequiredKernels> = RequiredKernels<Numbers>[Name];
