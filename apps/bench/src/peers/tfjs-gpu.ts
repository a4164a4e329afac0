import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import type { TfjsEngine } from "./tfjs-loss.ts";

/** tfjs on the GPU. Its backends share one engine, so each run says whose turn it is. */
export function tfjsGpu(backend: "webgl" | "webgpu"): TfjsEngine {
  const use = (): Promise<boolean> => tf.setBackend(backend);
  return {
    name: `tfjs-${backend}`,
    async start() {
      if (!(await use())) throw new Error(`tfjs-${backend} does not start`);
      await tf.ready();
      return { device: backend === "webgl" ? "WebGL 2" : "WebGPU" };
    },
    use,
    waits: true,
  };
}
