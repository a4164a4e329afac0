/** What the tests of kernels share: plans run over a memory of their own, whole or block by block. */
import { type KernelVariant, type Located, link, loadKernelModule, type Phase } from "../src/kernels/index.ts";

/** All blocks of a phase at once, or one by one from the last to the first: the bits must be the same. */
export type Order = "at once" | "one by one, reversed";

/** A memory with the kernels of a variant. Addresses go up; nothing is freed. */
export interface Lab {
  floats(values: ArrayLike<number>): Located;
  integers(values: ArrayLike<number>): Located;
  /** Room for `length` elements that hold NaN. */
  room(length: number): Located;
  readonly scratch: (bytes: number) => number;
  run(phases: readonly Phase[], order?: Order): void;
  read(handle: Located, length: number): Float32Array;
}

/** The variants that this engine and machine have. */
export async function variants(): Promise<KernelVariant[]> {
  const { variant } = await loadKernelModule("auto");
  return variant === "relaxed" ? ["strict", "relaxed"] : ["strict"];
}

/** A lab whose first address is `from`, in bytes. */
export async function lab(variant: KernelVariant, from = 65_536): Promise<Lab> {
  const { module } = await loadKernelModule(variant);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(from / 65_536) + 1, maximum: 65_535 });
  const wasm = link(module, memory);
  let top = from;
  const scratch = (bytes: number): number => {
    const address = top;
    top += Math.ceil(bytes / 64) * 64;
    // A kernel may read up to 12 bytes behind an operand.
    const pages = Math.ceil((top + 12) / 65_536) - memory.buffer.byteLength / 65_536;
    if (pages > 0) memory.grow(pages);
    return address;
  };
  const local = scratch(65_536);
  const placed = (values: ArrayLike<number>, view: Float32ArrayConstructor | Int32ArrayConstructor): Located => {
    const address = scratch(4 * values.length);
    new view(memory.buffer, address, values.length).set(values);
    return { address };
  };
  return {
    floats: (values) => placed(values, Float32Array),
    integers: (values) => placed(values, Int32Array),
    room: (length) => placed(new Float32Array(length).fill(Number.NaN), Float32Array),
    scratch,
    run(phases, order = "at once") {
      for (const { run, args, blocks } of phases) {
        if (order === "at once") wasm[run](...args, 0, blocks, local);
        else for (let block = blocks - 1; block >= 0; block--) wasm[run](...args, block, block + 1, local);
      }
    },
    read: (handle, length) => new Float32Array(memory.buffer, handle.address, length).slice(),
  };
}
