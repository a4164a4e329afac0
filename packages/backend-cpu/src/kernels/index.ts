/**
 * The kernels as a table of plans over WebAssembly functions: a call becomes phases of independent blocks, which any
 * scheduler runs. `cpu()` runs them on the calling thread; a backend with threads shares the blocks out.
 */
export type { WasmFunction } from "./functions.generated.ts";
export { type KernelModule, type KernelVariant, link, loadKernelModule, type WasmFunctions } from "./kernel-module.ts";
export { type KernelTable, LOCAL_SCRATCH_BYTES, type Located, type Phase, type Scratch } from "./phase.ts";
export { kernelTable } from "./table.ts";
