import type { Backend, HostArray } from "@surprisal/core";
import { blockOf, CpuHandle } from "./cpu-handle.ts";
import { UNIT_BYTES } from "./memory/block-allocator.ts";
import type { TensorMemory } from "./memory/tensor-memory.ts";

/** The part of the contract that is about memory. */
export type MemoryContract = Required<Pick<Backend<CpuHandle>, "alloc" | "free" | "write" | "read" | "memory">>;

/**
 * That part over a WebAssembly memory, done at the call.
 * @param name the backend's, for errors
 * @param live the memory, or a throw that says why there is none (any more)
 */
export function memoryContract(name: string, maxLength: number, live: (use: string) => TensorMemory): MemoryContract {
  /** The part of the memory that is a handle's: all of it as an array, the first element and the one behind the last. */
  const elements = (handle: CpuHandle, use: string) => {
    const tensors = live(use);
    const first = (blockOf(handle, `${name}: ${use}`).start * UNIT_BYTES) / 4;
    const all = handle.kind === "i32" ? tensors.integers() : tensors.floats();
    return { all, first, end: first + handle.length };
  };
  return {
    alloc(kind, length) {
      const tensors = live("alloc");
      if (!Number.isInteger(length) || length < 0 || length > maxLength) {
        throw new RangeError(`${name}: alloc: the length is ${length}, not an integer from 0 to ${maxLength}`);
      }
      return new CpuHandle(kind, length, tensors.alloc(length * 4));
    },
    free(handle) {
      live("free").free(blockOf(handle, `${name}: free`));
      handle.block = undefined;
    },
    write(handle, data) {
      const { all, first } = elements(handle, "write");
      if (data.length !== handle.length) {
        throw new RangeError(`${name}: write: the data has ${data.length} elements, the handle ${handle.length}`);
      }
      all.set(data, first);
    },
    async read(handle): Promise<HostArray> {
      const { all, first, end } = elements(handle, "read");
      return all.slice(first, end);
    },
    memory() {
      const { reserved, limit } = live("memory");
      return { reservedBytes: reserved, limitBytes: limit };
    },
  };
}
