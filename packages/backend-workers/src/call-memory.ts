import {
  type Block,
  type Located,
  type TensorHandle,
  type TensorMemory,
  UNIT_BYTES,
} from "@surprisal/backend-cpu/kernels";

export type Named<T = TensorHandle> = { readonly [name: string]: T | undefined };

/** Fresh memory for the outputs of a call. */
export interface Results {
  readonly places: Named<Located>;
  /** Puts it in the place of what the handles had. */
  takeOver(): void;
}

/** Where memory waits that a thread which was told to end may still write. */
export interface Quarantine {
  quarantine(blocks: readonly Block[]): void;
}

/** The memory that calls take for themselves, one call after the other. */
export class CallMemory {
  readonly #tensors: TensorMemory;
  readonly #quarantine: Quarantine;
  readonly #taken: Block[] = [];
  /** Blocks of handles that may still be written: they are not freed when they are replaced. */
  readonly #spoilt = new Set<Block>();

  constructor(tensors: TensorMemory, quarantine: Quarantine) {
    this.#tensors = tensors;
    this.#quarantine = quarantine;
  }

  readonly scratch = (bytes: number): number => {
    const block = this.#tensors.alloc(bytes);
    this.#taken.push(block);
    return block.start * UNIT_BYTES;
  };

  /** Memory for other values of these handles; undefined if there is no room. */
  results(outputs: Named): Results | undefined {
    const places: { [name: string]: Located } = {};
    const blocks: [TensorHandle, Block][] = [];
    for (const [name, handle] of Object.entries(outputs)) {
      if (handle === undefined) continue;
      const before = handle.address;
      let block: Block;
      try {
        block = this.#tensors.alloc(handle.length * 4);
      } catch {
        return undefined;
      }
      this.#taken.push(block);
      blocks.push([handle, block]);
      places[name] = { address: block.start * UNIT_BYTES, before };
    }
    const takeOver = (): void => {
      for (const [handle, block] of blocks) {
        const old = handle.block!;
        handle.block = block;
        this.#taken[this.#taken.indexOf(block)] = old;
      }
    };
    return { places, takeOver };
  }

  /** Gives up all that the call has written so far, `outputs` among it if they were written in place. */
  abandon(outputs: Named | undefined): void {
    this.#quarantine.quarantine(this.#taken);
    this.#taken.length = 0;
    for (const handle of Object.values(outputs ?? {})) if (handle?.block) this.#spoilt.add(handle.block);
  }

  /** Ends the call. */
  free(): void {
    if (this.#taken.length === 0) return;
    for (const block of this.#taken) {
      if (this.#spoilt.delete(block)) this.#quarantine.quarantine([block]);
      else this.#tensors.free(block);
    }
    this.#taken.length = 0;
  }
}
