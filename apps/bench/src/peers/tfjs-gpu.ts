import type { Tfjs, TfjsEngine } from "./tfjs-engine.ts";

/** What tfjs' own scripts define on a page. */
declare const tf: Tfjs;

/** tfjs on the GPU, on a page that has loaded tfjs' scripts. */
export function tfjsGpu(backend: "webgl" | "webgpu"): TfjsEngine {
  const library = `tfjs-${backend}`;
  return {
    library,
    device: backend === "webgl" ? "WebGL 2" : "WebGPU",
    waits: true,
    async use() {
      if (!(await tf.setBackend(backend))) throw new Error(`${library} does not start`);
      await tf.ready();
      return tf;
    },
  };
}
