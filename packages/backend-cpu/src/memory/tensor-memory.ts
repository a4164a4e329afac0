import { type Block, BlockAllocator, UNIT_BYTES } from "./block-allocator.ts";
import { inWords } from "./bytes-in-words.ts";

export const PAGE_BYTES = 65_536;

/** The first page holds the kernels' constants, and no tensor. */
const FIRST_PAGE = 1;

/** The last bytes are no tensor's: a kernel may read up to 60 bytes behind an operand (extremes of columns do). */
const GUARD_BYTES = UNIT_BYTES;

/** Memory grows by half, but at most by 64 MiB more than is asked for: untouched pages are cheap, not free. */
const MOST_PAGES_AHEAD = 1024;
const FEWEST_PAGES = 16;

/** Blocks of one growing WebAssembly memory, and views of it. Only its owner grows the memory. */
export class TensorMemory {
  readonly memory: WebAssembly.Memory;
  /** The most bytes that the memory may have. */
  readonly limit: number;
  readonly #blocks = new BlockAllocator((FIRST_PAGE * PAGE_BYTES) / UNIT_BYTES);
  #floats: Float32Array;
  #integers: Int32Array;

  /** @param limit the maximum, in bytes, that `memory` was made with */
  constructor(memory: WebAssembly.Memory, limit: number) {
    this.memory = memory;
    this.limit = limit;
    this.#floats = new Float32Array(memory.buffer);
    this.#integers = new Int32Array(memory.buffer);
    this.#blocks.extend((this.reserved - FIRST_PAGE * PAGE_BYTES - GUARD_BYTES) / UNIT_BYTES);
  }

  /** Bytes that the memory has. */
  get reserved(): number {
    return this.memory.buffer.byteLength;
  }

  /** Bytes in use. */
  get used(): number {
    return this.#blocks.used * UNIT_BYTES;
  }

  /** The most bytes that one block can have. */
  get largest(): number {
    return this.limit - FIRST_PAGE * PAGE_BYTES - GUARD_BYTES;
  }

  /**
   * A block of at least so many bytes, at a multiple of 64. It holds anything.
   * @throws Error that names what was asked for, what is held, and the remedy
   */
  alloc(bytes: number): Block {
    const units = Math.max(1, Math.ceil(bytes / UNIT_BYTES));
    return this.#blocks.take(units) ?? this.#takeGrown(units);
  }

  free(block: Block): void {
    this.#blocks.give(block);
  }

  /** The whole memory as floats. Valid until the next `alloc`. */
  floats(): Float32Array {
    if (this.#floats.buffer !== this.memory.buffer) this.#floats = new Float32Array(this.memory.buffer);
    return this.#floats;
  }

  /** The whole memory as integers. Valid until the next `alloc`. */
  integers(): Int32Array {
    if (this.#integers.buffer !== this.memory.buffer) this.#integers = new Int32Array(this.memory.buffer);
    return this.#integers;
  }

  #takeGrown(units: number): Block {
    const held = this.reserved / PAGE_BYTES;
    const missing = Math.ceil(((units - this.#blocks.tail) * UNIT_BYTES) / PAGE_BYTES);
    const room = this.limit / PAGE_BYTES - held;
    const ahead = Math.min(room, missing + Math.min(Math.max(held >> 1, FEWEST_PAGES), MOST_PAGES_AHEAD));
    if (missing > room || !(this.#grow(ahead) || this.#grow(missing))) throw this.#noRoom(units, missing > room);
    // The free end is now as long as what was missing.
    return this.#blocks.take(units)!;
  }

  #grow(pages: number): boolean {
    try {
      this.memory.grow(pages);
    } catch {
      return false;
    }
    this.#blocks.extend((pages * PAGE_BYTES) / UNIT_BYTES);
    return true;
  }

  #noRoom(units: number, atLimit: boolean): Error {
    const free = this.reserved - FIRST_PAGE * PAGE_BYTES - GUARD_BYTES - this.used;
    const pieces = this.#blocks.largest * UNIT_BYTES;
    return new Error(
      `no room for ${inWords(units * UNIT_BYTES)}: ${inWords(this.used)} are in use, ${inWords(free)} are free` +
        ` (${inWords(pieces)} in one piece), and ${
          atLimit ? `${inWords(this.limit)} are the most there can be` : "the system gives no more"
        }; dispose tensors sooner (device.scoped frees what a step made), or split the batch`,
    );
  }
}
