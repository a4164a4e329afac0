import * as module from "gpu.js";

/** The little of gpu.js that the spike uses, typed here: its own types do not fit what it does. */

/** A flat run of float32 on the device: a GL texture or a WebGPU buffer. */
export interface DeviceArray {
  toArray(): Float32Array | Promise<Float32Array>;
  delete(): void;
}

export type KernelArgument = DeviceArray | number | object;

export interface Kernel {
  (...values: readonly KernelArgument[]): DeviceArray | Promise<DeviceArray> | Promise<Float32Array>;
  readonly kernel: { readonly constructor: { readonly name: string }; destroy(removeCanvas?: boolean): void };
}

interface KernelSettings {
  readonly output: readonly number[];
  readonly pipeline: boolean;
  readonly immutable: boolean;
  readonly precision: "single";
  readonly tactic: "precision";
  readonly asyncMode?: boolean;
  readonly dynamicOutput?: boolean;
  readonly dynamicArguments?: boolean;
  readonly loopMaxIterations?: number;
}

export interface Gpu {
  readonly context: WebGL2RenderingContext | null;
  createKernel(source: string, settings: KernelSettings): Kernel;
  destroy(): Promise<void>;
}

interface WebGpuContext {
  acquire(): Promise<{ readonly adapter: GPUAdapter; readonly device: GPUDevice }>;
  destroy(): Promise<void>;
}

export interface GpuJs {
  readonly GPU: { new (settings: { readonly mode: Mode }): Gpu; isWebGPUAvailable(): Promise<boolean> };
  readonly WebGL2Kernel: {
    readonly isSupported: boolean;
    readonly features: { readonly isFloatRead: boolean; readonly maxTextureSize: number };
  };
  readonly WebGPUContext: WebGpuContext;
  input(values: Float32Array, size: readonly number[]): object;
}

export type Mode = "webgl2" | "webgpu";

// The browser build exports the GPU class with everything attached, the Node build a plain object.
const exported = module as unknown as { default?: GpuJs } & GpuJs;
export const gpuJs: GpuJs = exported.default ?? exported;
