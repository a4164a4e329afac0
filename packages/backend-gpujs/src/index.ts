export type { GpuMode } from "./gpu-mode.ts";
export { type GpujsOptions, gpujs } from "./gpujs.ts";
