import {
  compiledKernels,
  forOneThread,
  inflated,
  type KernelModule,
  type KernelSources,
  type KernelVariant,
} from "./kernel-module.ts";

export interface KernelModuleOptions {
  /**
   * Whether the memory that they will be linked to is shared between threads. Only then are the functions among them that
   * `threadedKernelTable` calls for more threads than one.
   */
  readonly shared?: boolean;
}

/** The kernels for several threads: with what calls that are cut for them take besides. They import memory that is not shared. */
export const forThreads: KernelSources = {
  relaxed: async () => inflated(await import("./relaxed-threads.generated.ts")),
  strict: async () => inflated(await import("./strict-threads.generated.ts")),
};

const forSharedMemory: KernelSources = {
  relaxed: async () => importingSharedMemory(await forThreads.relaxed()),
  strict: async () => importingSharedMemory(await forThreads.strict()),
};

/**
 * Compiles the kernels of a variant, or the best that this engine and machine have for `"auto"`.
 * @throws Error with the reason and the remedy where WebAssembly or the variant is not to be had
 */
export async function loadKernelModule(
  variant: KernelVariant | "auto",
  { shared = false }: KernelModuleOptions = {},
): Promise<KernelModule> {
  return compiledKernels(variant, shared ? forSharedMemory : forOneThread, shared);
}

/** The import of the memory up to its limits' flag: "env", "memory", and the kind of a memory. */
const MEMORY_IMPORT = "\x03env\x06memory\x02";
const HAS_MAXIMUM = 1;
const IS_SHARED = 2;

/** Changes the one byte in which modules for shared and unshared memory differ: the flag of the limits of what they import. */
function importingSharedMemory(module: ArrayBuffer): ArrayBuffer {
  const bytes = new Uint8Array(module);
  const start = String.fromCharCode(...bytes.subarray(0, 4096));
  const flag = start.indexOf(MEMORY_IMPORT) + MEMORY_IMPORT.length;
  if (bytes[flag] !== HAS_MAXIMUM) throw new Error("the kernels import no memory with a maximum");
  bytes[flag] = HAS_MAXIMUM | IS_SHARED;
  return module;
}
