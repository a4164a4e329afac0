/** What is used of the package `webgpu`. */
export interface WebGpuModule {
  /** Makes what browsers have as `navigator.gpu`. */
  create(flags: string[]): { requestAdapter(): Promise<object | null> };
  /** WebGPU's classes and constants, by their global names. */
  readonly globals: object;
}

const DRIVER =
  process.platform === "linux"
    ? ": install the Vulkan loader (libvulkan1) and a driver, that of the GPU or one in software: Mesa 25 or later " +
      "(mesa-vulkan-drivers), or the one in Debian's package chromium with VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json"
    : "";

/**
 * Sees to it that `navigator.gpu` is there and has an adapter. One that the platform has is left as it is.
 * @throws Error that says what is missing, and the remedy
 */
export async function provideWebGpu(given: WebGpuModule | undefined): Promise<void> {
  if (globalThis.navigator?.gpu) return;
  const { create, globals } = given ?? (await importWebGpu());
  const gpu = create([]);
  if (!(await gpu.requestAdapter())) throw new Error(`webgpu finds no GPU${DRIVER}`);
  for (const [name, value] of Object.entries(globals)) define(globalThis, name, value);
  // Node has a navigator since version 21.
  if (!globalThis.navigator) define(globalThis, "navigator", {});
  define(globalThis.navigator, "gpu", gpu);
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

async function importWebGpu(): Promise<WebGpuModule> {
  try {
    return (await import("webgpu")) as unknown as WebGpuModule;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw code === "ERR_MODULE_NOT_FOUND"
      ? new Error("the package webgpu is missing: npm install webgpu@0.6.2 (132 MB)", { cause })
      : new Error(`the package webgpu does not load: ${message}`, { cause });
  }
}
