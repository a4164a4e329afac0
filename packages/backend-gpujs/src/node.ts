/**
 * The GPU backend on Node 20 and later, through the package `webgpu` (Dawn).
 * @module
 */
import type { BackendProvider } from "@surprisal/core";
import { gpujs as gpujsHere } from "./gpujs.ts";
import { provideWebGpu, type WebGpuModule } from "./node-webgpu.ts";

export type { WebGpuModule } from "./node-webgpu.ts";

export interface NodeGpujsOptions {
  /** The package `webgpu`, or one of its shape; imported if absent. */
  readonly webgpu?: WebGpuModule | undefined;
}

/**
 * `gpujs({ mode: "webgpu" })` on Node. Opening sets `navigator.gpu`, unless the platform has one, and leaves it there.
 *
 * It needs `webgpu` (132 MB, an optional peer), and on Linux the Vulkan loader (`libvulkan1`) with a driver: that of the
 * GPU, or one in software. Opening fails with what is missing and how to get it.
 *
 * ```ts
 * import { gpujs } from "@surprisal/backend-gpujs/node";
 * const device = await openDevice([gpujs(), cpu()]);
 * ```
 * @throws RangeError for an unknown option
 */
export function gpujs(options: NodeGpujsOptions = {}): BackendProvider<unknown> {
  const unknown = Object.keys(options).find((key) => key !== "webgpu");
  if (unknown !== undefined)
    throw new RangeError(`gpujs: there is no option "${unknown}"; the option on Node is webgpu`);
  const provider: BackendProvider<unknown> = gpujsHere({ mode: "webgpu" });
  return {
    name: provider.name,
    async open(opening) {
      await provideWebGpu(options.webgpu);
      return provider.open(opening);
    },
  };
}
