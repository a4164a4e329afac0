import type { Gpu, Kernel, Mode } from "./gpu-js.ts";

/** One compiled kernel for each (source, length). Shapes stand in the source as numbers, so the source is the key. */
export interface Programs {
  /** A kernel whose result stays on the device. */
  resident(source: string, length: number): Kernel;
  /** A kernel whose result comes to the host without blocking. */
  readback(source: string, length: number): Kernel;
  readonly compiled: number;
  readonly calls: number;
  sources(): readonly string[];
}

const kernelClass: Record<Mode, string> = { webgl2: "WebGL2Kernel", webgpu: "WebGPUKernel" };

export function makePrograms(gpu: Gpu, mode: Mode): Programs {
  const cache = new Map<string, Kernel>();
  let calls = 0;

  function find(source: string, length: number, pipeline: boolean): Kernel {
    calls += 1;
    const key = `${pipeline ? "resident" : "readback"} ${length} ${source}`;
    const found = cache.get(key);
    if (found) return found;
    const kernel = gpu.createKernel(source, {
      output: [length],
      pipeline,
      immutable: pipeline,
      precision: "single",
      tactic: "precision",
      asyncMode: !pipeline,
      // A WebGL kernel bakes the size of its first arguments in, and reads another size wrongly without a word.
      dynamicArguments: true,
    });
    const name = kernel.kernel.constructor.name;
    if (name !== kernelClass[mode]) throw new Error(`gpu.js: ${mode} fell back to ${name}`);
    cache.set(key, kernel);
    return kernel;
  }

  return {
    resident: (source, length) => find(source, length, true),
    readback: (source, length) => find(source, length, false),
    get compiled() {
      return cache.size;
    },
    get calls() {
      return calls;
    },
    sources: () => [...cache.keys()],
  };
}
