import type { Accelerator } from "./accelerator.ts";
import type { GpuJs } from "./gpu-js.ts";
import { addPowerOfTwo } from "./power-of-two.ts";

/**
 * No GPU at all: the same kernels as JavaScript, in which a debugger can step. It is slow, needs 'unsafe-eval' in a page, and
 * is taken only by its own name.
 */
export async function openCpuDebug(gpuJs: GpuJs): Promise<Accelerator> {
  const gpu = new gpuJs.GPU({ mode: "cpu" });
  addPowerOfTwo(gpu, "javascript");
  return {
    mode: "cpu-debug",
    gpu,
    kernelClass: gpuJs.CPUKernel,
    maxLength: 2 ** 28,
    device: "JavaScript, for debugging",
    lost: () => undefined,
    requireCompiled: () => {},
    delete: () => {},
    close: () => gpu.destroy(),
  };
}
