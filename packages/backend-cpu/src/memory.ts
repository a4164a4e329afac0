/** A run of bytes in WASM memory; the handle of a tensor is one with a length. */
export interface Block {
  readonly address: number;
}

/** Memory for tensors: blocks that do not move, taken from one growing WebAssembly memory. */
export class TensorMemory {
  readonly memory: WebAssembly.Memory;
  #top = 65_536;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  alloc(bytes: number): Block {
    const address = this.#top;
    this.#top += Math.ceil(bytes / 64) * 64;
    const pages = Math.ceil(this.#top / 65_536) - this.memory.buffer.byteLength / 65_536;
    if (pages > 0) this.memory.grow(pages);
    return { address };
  }

  free(_block: Block): void {}
}
