import { gpujs } from "@surprisal/backend-gpujs";
import { openDevice, softmaxCrossEntropy } from "@surprisal/core";

export interface MinifiedOutcome {
  /** The loss of a row whose label leads by 50, by each way to the GPU. */
  readonly webgl2: number;
  readonly webgpu: number;
  /** Whether the page's own `GPU`, WebGPU's interface, is what it was. */
  readonly intact: boolean;
}

const GpuBefore = Reflect.get(globalThis, "GPU");

async function loss(mode: "webgl2" | "webgpu"): Promise<number> {
  const device = await openDevice([gpujs({ mode })]);
  const value = await softmaxCrossEntropy(device.tensor([[50, 0, 0]]), { labels: [0] }).item();
  await device.close();
  return value;
}

async function compute(): Promise<MinifiedOutcome> {
  const [webgl2, webgpu] = [await loss("webgl2"), await loss("webgpu")];
  return { webgl2, webgpu, intact: GpuBefore !== undefined && Reflect.get(globalThis, "GPU") === GpuBefore };
}

Object.assign(globalThis, { outcome: compute() });
