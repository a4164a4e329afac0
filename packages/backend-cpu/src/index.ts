export { type CpuOptions, cpu } from "./cpu.ts";
export type { CpuHandle } from "./cpu-handle.ts";
