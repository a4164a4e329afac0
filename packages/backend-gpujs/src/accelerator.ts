import type { DeviceArray, Gpu, Kernel } from "./gpu-js.ts";
import type { GpuMode } from "./gpu-mode.ts";

/** The GPU by one way: what gpu.js computes on, and who tells when it is gone. */
export interface Accelerator {
  readonly mode: GpuMode | "cpu-debug";
  readonly gpu: Gpu;
  /** The class of which each kernel must be: gpu.js moves what it cannot take to the CPU, with no more than a warning. */
  readonly kernelClass: unknown;
  /** The most elements of one array. */
  readonly maxLength: number;
  /** In words, for reports. */
  readonly device: string;
  /** Why nothing that was computed can be trusted, asked after each read; undefined while all is well. */
  lost(): string | undefined;
  /** @throws GpuError if a kernel that has just been compiled cannot run */
  requireCompiled(kernel: Kernel): void;
  delete(array: DeviceArray): void;
  /** Copies an array of that length to the host, where gpu.js' own way is not taken. The array may be deleted at once. */
  read?(array: DeviceArray, length: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Called at once when the device is lost. */
export type OnLost = (reason: string) => void;
