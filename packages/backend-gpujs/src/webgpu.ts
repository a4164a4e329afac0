import type { Accelerator, OnLost } from "./accelerator.ts";
import type { GpuJs } from "./gpu-js.ts";
import { addPowerOfTwo } from "./power-of-two.ts";

/** WebGPU. gpu.js has one device for the whole page, which outlives this backend. */
export async function openWebGpu(gpuJs: GpuJs, onLost: OnLost): Promise<Accelerator> {
  if (!globalThis.navigator?.gpu) {
    throw new Error("navigator.gpu is missing: WebGPU needs a browser that has it, and a page from https or localhost");
  }
  if (!(await navigator.gpu.requestAdapter())) {
    throw new Error("navigator.gpu gives no adapter: there is no GPU that it can use, or it is switched off");
  }
  const { adapter, device } = await gpuJs.WebGPUContext.acquire();
  let lost: string | undefined;
  let open = true;
  const lose = (reason: string): void => {
    if (!open) return;
    lost ??= reason;
    onLost(reason);
  };
  // An error of which no call was told may be anyone's, and then no result can be trusted.
  const onError = (event: GPUUncapturedErrorEvent): void => lose(event.error.message);
  device.addEventListener("uncapturederror", onError);
  void device.lost.then(({ message, reason }) => lose(`WebGPU: ${message || reason}`));

  const gpu = new gpuJs.GPU({ mode: "webgpu" });
  addPowerOfTwo(gpu, "wgsl");
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const { vendor, architecture, description } = adapter.info;
  return {
    mode: "webgpu",
    gpu,
    kernelClass: gpuJs.WebGPUKernel,
    maxLength: Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / 4),
    device: `WebGPU, ${[vendor, architecture, description].filter(Boolean).join(" ") || "an adapter without a name"}`,
    lost: () => lost,
    requireCompiled: () => {},
    delete: (array) => array.delete?.(),
    async close() {
      open = false;
      device.removeEventListener("uncapturederror", onError);
    },
  };
}
