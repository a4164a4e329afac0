/**
 * The kernels as a table of plans over WebAssembly functions: a call becomes phases of independent blocks, which any
 * scheduler runs. `cpu()` runs them on the calling thread; a backend with threads shares the blocks out. With them goes the
 * memory that they work on.
 */
export { CpuHandle as TensorHandle, told } from "../cpu-handle.ts";
export { type Block, UNIT_BYTES } from "../memory/block-allocator.ts";
export { inWords } from "../memory/bytes-in-words.ts";
export { openMemory } from "../memory/open-memory.ts";
export type { TensorMemory } from "../memory/tensor-memory.ts";
export { type MemoryContract, memoryContract } from "../memory-contract.ts";
export type { WasmFunction } from "./functions.generated.ts";
export { type KernelModule, type KernelVariant, link, type WasmFunctions } from "./kernel-module.ts";
export { type KernelModuleOptions, loadKernelModule } from "./load-kernel-module.ts";
export { type KernelTable, LOCAL_SCRATCH_BYTES, type Located, type Phase, type Scratch } from "./phase.ts";
export { type PhaseRunner, phaseRunner } from "./phase-runner.ts";
export { kernelTable } from "./table.ts";
export { threadedKernelTable } from "./threaded-table.ts";
