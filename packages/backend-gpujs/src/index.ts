export type { GpuMode } from "./accelerator.ts";
export { DeviceLostError } from "./faults.ts";
export { type GpujsOptions, gpujs } from "./gpujs.ts";
