import type { WasmFunction } from "./functions.generated.ts";

/** Which build of the kernels: with relaxed SIMD (fused multiply-add, one kind of CPU repeats its bits), or without (every machine does). */
export type KernelVariant = "relaxed" | "strict";

/** The compiled kernels. They hold no memory: {@link link} binds them to one. */
export interface KernelModule {
  readonly variant: KernelVariant;
  readonly module: WebAssembly.Module;
}

/** The functions of an instance: each takes numbers and works on the memory that it was linked to. */
export type WasmFunctions = Readonly<Record<WasmFunction, (...args: number[]) => number>>;

/** Binds compiled kernels to a memory. */
export function link(module: WebAssembly.Module, memory: WebAssembly.Memory): WasmFunctions {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as WasmFunctions;
}

const TAKE_PLAIN = "take plain() from @surprisal/backend-cpu/plain";

/** Where the bytes of each variant are to be had. */
export type KernelSources = Readonly<Record<KernelVariant, () => Promise<ArrayBuffer>>>;

/** The kernels for one thread. */
export const forOneThread: KernelSources = {
  relaxed: async () => inflated(await import("./relaxed.generated.ts")),
  strict: async () => inflated(await import("./strict.generated.ts")),
};

/**
 * Compiles the kernels of a variant, or the best that this engine and machine have for `"auto"`.
 * @param shared whether the memory that the bytes import is shared
 * @throws Error with the reason and the remedy where WebAssembly or the variant is not to be had
 */
export async function compiledKernels(
  variant: KernelVariant | "auto",
  sources: KernelSources,
  shared: boolean,
): Promise<KernelModule> {
  if (typeof WebAssembly === "undefined") throw new Error(`this engine has no WebAssembly: ${TAKE_PLAIN}`);
  if (variant !== "strict") {
    const module = await compiled(await sources.relaxed());
    if (module && fusesMultiplyAdd(module, shared)) return { variant: "relaxed", module };
    if (variant === "relaxed") {
      throw new Error(
        module
          ? 'this machine\'s multiply-add rounds twice, and the relaxed kernels need it fused: take variant "strict"'
          : 'this engine has no relaxed SIMD (Node 20 has none): take variant "strict" or "auto"',
      );
    }
  }
  const module = await compiled(await sources.strict());
  if (!module) throw new Error(`this engine's WebAssembly has no SIMD: ${TAKE_PLAIN}`);
  return { variant: "strict", module };
}

/** The compiled kernels, or undefined if the engine does not know their instructions. */
async function compiled(bytes: ArrayBuffer): Promise<WebAssembly.Module | undefined> {
  if (!WebAssembly.validate(bytes)) return undefined;
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    // The bytes are valid, so this place compiles none. Chromium's own message asks for 'unsafe-eval', which allows far more.
    throw new Error(
      `WebAssembly may not be compiled here: add 'wasm-unsafe-eval' to script-src in the page's Content-Security-Policy, or ${TAKE_PLAIN}`,
      { cause },
    );
  }
}

/** The bytes of a generated module, which are deflated and in base64. */
export async function inflated({ wasm }: { readonly wasm: string }): Promise<ArrayBuffer> {
  const deflated = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0));
  const bytes = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(bytes).arrayBuffer();
}

/** Whether relaxed multiply-add rounds once here: see assembly/fused-multiply-add.ts. */
function fusesMultiplyAdd(module: WebAssembly.Module, shared: boolean): boolean {
  const { fusesMultiplyAdd } = link(module, new WebAssembly.Memory({ initial: 1, maximum: 1, shared }));
  return fusesMultiplyAdd(1 + 2 ** -12, -(1 + 2 ** -11)) === 1;
}
