/**
 * The boundary to gpu.js 2.24.1: the little of it that the backend uses, typed here, since its own types do not fit what it
 * does. Nothing else imports it, and none of its types leave the package.
 */

/** A flat run of float32 on the device: a GL texture, a WebGPU buffer or, for debugging on the CPU, an array. */
export interface DeviceArray {
  /** gpu.js' name for this kind of argument; a plain array has none. */
  readonly type?: string;
  delete?(): void;
  /** Of a GL texture; gpu.js counts who holds it. */
  readonly size?: ArrayLike<number> & Iterable<number>;
  readonly texture?: (WebGLTexture & { readonly _refs?: number }) | undefined;
}

/** Host numbers to upload, as gpu.js wraps them. */
interface HostInput {
  readonly value: Float32Array;
  readonly size: readonly number[];
}

export type KernelArgument = DeviceArray | HostInput | number;

/** A compiled kernel. Its answer stays on the device (`pipeline`) or comes to the host. */
export interface Kernel {
  (...values: readonly KernelArgument[]): KernelAnswer | Promise<KernelAnswer>;
  readonly kernel: { readonly constructor: unknown; readonly program?: WebGLProgram };
  setOutput(output: readonly number[]): unknown;
  destroy(): void;
}

export type KernelAnswer = DeviceArray | Float32Array;

export interface KernelSettings {
  readonly argumentTypes: readonly string[];
  readonly output: readonly number[];
  readonly pipeline: boolean;
  readonly immutable: boolean;
  readonly precision: "single";
  readonly tactic: "precision";
  readonly asyncMode: boolean;
  readonly dynamicOutput: boolean;
  readonly dynamicArguments: boolean;
  readonly fixIntegerDivisionAccuracy: boolean;
}

/** An instance: one WebGL context, or the page's one WebGPU device, and the kernels on it. */
export interface Gpu {
  createKernel(source: string, settings: KernelSettings): Kernel;
  /** Puts GLSL before each kernel, behind gpu.js' own functions. */
  injectNative(source: string): unknown;
  /** A function in the language of the shaders, for kernels that call it. */
  addNativeFunction(name: string, source: string, types: NativeFunctionTypes): unknown;
  destroy(): Promise<void>;
}

interface NativeFunctionTypes {
  readonly argumentTypes: Readonly<Record<string, "Float">>;
  readonly returnType: "Float";
}

interface GpuSettings {
  readonly mode: "webgl2" | "webgpu" | "cpu";
  readonly canvas?: object | undefined;
  readonly context?: WebGL2RenderingContext | undefined;
}

interface WebGpuDevice {
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
}

/** What gpu.js exports, as far as it is used: tests may hand in a namespace of their own. */
export interface GpuJs {
  readonly GPU: new (settings: GpuSettings) => Gpu;
  readonly CPUKernel: unknown;
  readonly WebGPUKernel: unknown;
  readonly WebGPUContext: { acquire(): Promise<WebGpuDevice> };
  readonly WebGL2Kernel: {
    readonly isSupported: boolean;
    readonly features: { readonly isFloatRead: boolean; readonly maxTextureSize: number };
  };
  input(values: Float32Array, size: readonly number[]): HostInput;
}

let loading: Promise<GpuJs> | undefined;

/** Loads gpu.js once. It claims the global name `GPU`, WebGPU's own interface; that is put back. */
export function loadGpuJs(): Promise<GpuJs> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<GpuJs> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "GPU");
  // The browser build exports the GPU class with everything attached, the Node build a plain object.
  const module = (await import("#gpu.js")) as unknown as { default?: GpuJs } & GpuJs;
  if (before) Object.defineProperty(globalThis, "GPU", before);
  else Reflect.deleteProperty(globalThis, "GPU");
  return module.default ?? module;
}
