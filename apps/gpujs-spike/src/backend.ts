import type { Backend, BackendProvider, OpenOptions } from "@surprisal/core";
import { type Cell, makeCell } from "./cell.ts";
import { type Gpu, gpuJs, type Mode } from "./gpu-js.ts";
import { elementwise } from "./kernels/elementwise.ts";
import { gemm } from "./kernels/gemm.ts";
import { optimizers } from "./kernels/optimizers.ts";
import { rearrange } from "./kernels/rearrange.ts";
import { reduce } from "./kernels/reduce.ts";
import { rows } from "./kernels/rows.ts";
import { softmaxCrossEntropy } from "./kernels/softmax-cross-entropy.ts";
import { makePrograms, type Programs } from "./programs.ts";
import { makeQueue } from "./queue.ts";

export interface GpuJsBackend extends Backend<Cell> {
  readonly programs: Programs;
  readonly gpu: Gpu;
}

export interface GpuJsProvider extends BackendProvider<Cell> {
  open(options: OpenOptions): Promise<GpuJsBackend>;
}

/** Indices are float32 in gpu.js, exact to here. */
const indexLimit = 2 ** 24;

async function deviceFacts(mode: Mode): Promise<{ maxLength: number; device: string }> {
  if (mode === "webgl2") {
    if (!gpuJs.WebGL2Kernel.isSupported || !gpuJs.WebGL2Kernel.features.isFloatRead) {
      throw new Error("WebGL 2 with EXT_color_buffer_float is missing");
    }
    const side = gpuJs.WebGL2Kernel.features.maxTextureSize;
    return { maxLength: Math.min(indexLimit, side * side), device: `WebGL 2, textures up to ${side}` };
  }
  if (!(await gpuJs.GPU.isWebGPUAvailable())) throw new Error("no WebGPU adapter: navigator.gpu answers null");
  const { adapter, device } = await gpuJs.WebGPUContext.acquire();
  const limit = device.limits.maxStorageBufferBindingSize / 4;
  return {
    maxLength: Math.min(indexLimit, limit),
    device: `WebGPU, ${adapter.info.vendor} ${adapter.info.architecture}`,
  };
}

/** The device is one for the whole page; an error that it could not tell to anyone may be anyone's. */
async function watchDevice(lose: (cause: Error) => void): Promise<() => void> {
  const { device } = await gpuJs.WebGPUContext.acquire();
  let open = true;
  const onError = (event: GPUUncapturedErrorEvent) => lose(new Error(event.error.message));
  device.addEventListener("uncapturederror", onError);
  void device.lost.then(({ message }) => open && lose(new Error(`WebGPU device lost: ${message}`)));
  return () => {
    open = false;
    device.removeEventListener("uncapturederror", onError);
  };
}

/** The contract through gpu.js, in one of its two modes that stay on the device. */
export function gpujs(mode: Mode): GpuJsProvider {
  return {
    name: `gpujs-${mode}`,
    async open({ onError }) {
      const facts = await deviceFacts(mode);
      const gpu = new gpuJs.GPU({ mode });
      const programs = makePrograms(gpu, mode);
      // gpu.js never asks the context for errors: a lost one answers zeros.
      const check = () => {
        if (gpu.context?.isContextLost?.()) throw new Error("WebGL context lost");
      };
      const queue = makeQueue(programs, mode, onError, check);
      const closed = mode === "webgpu" ? await watchDevice(queue.lose) : () => undefined;
      const cells = new Set<Cell>();
      return {
        programs,
        gpu,
        facts: {
          name: `gpujs-${mode}`,
          precision: "f32-gpu",
          floatBytes: 4,
          variant: mode,
          strictNonFinite: false,
          innerClass: false,
          threads: 1,
          ...facts,
        },
        kernels: {
          ...gemm(queue),
          ...elementwise(queue),
          ...reduce(queue),
          ...rearrange(queue),
          ...rows(queue),
          ...softmaxCrossEntropy(queue),
          ...optimizers(queue),
        },
        alloc(kind, length) {
          const cell = makeCell(kind, length);
          cells.add(cell);
          return cell;
        },
        free(cell) {
          cells.delete(cell);
          queue.free(cell);
        },
        write: (cell, data) => queue.write(cell, Float32Array.from(data)),
        read: async (cell) => {
          const values = await queue.read(cell);
          return cell.kind === "i32" ? Int32Array.from(values) : values;
        },
        async close() {
          for (const cell of cells) queue.free(cell);
          await queue.settled();
          closed();
          await gpu.destroy();
          const failure = queue.unreported();
          if (failure) throw failure;
        },
      };
    },
  };
}
