import type { Kind } from "@surprisal/core";
import type { Located } from "./kernels/phase.ts";
import { type Block, UNIT_BYTES } from "./memory/block-allocator.ts";

/** A tensor in WebAssembly memory: its block, until it is freed. Whoever swaps the block frees the old one. */
export class CpuHandle implements Located {
  readonly kind: Kind;
  readonly length: number;
  block: Block | undefined;

  constructor(kind: Kind, length: number, block: Block) {
    this.kind = kind;
    this.length = length;
    this.block = block;
  }

  /** Where its first element lies, in bytes. Every kernel asks for it, so none can use what was freed. */
  get address(): number {
    if (this.block === undefined) throw new FreedError();
    return this.block.start * UNIT_BYTES;
  }
}

/** The use of a handle after it was freed. */
class FreedError extends Error {
  constructor() {
    super("the handle was freed before");
  }
}

/** The block of a live handle. `use` begins the error, such as "cpu: read". */
export function blockOf(handle: CpuHandle, use: string): Block {
  if (handle.block === undefined) throw new Error(`${use}: the handle was freed before`);
  return handle.block;
}

type Named = { readonly [name: string]: CpuHandle | undefined };

/** What a failed kernel call says: which handle was freed, if that was it. `kernel` begins it, such as "cpu: gemm". */
export function told(error: unknown, kernel: string, outputs: Named, inputs: Named): unknown {
  if (!(error instanceof FreedError)) return error;
  const handles = [...Object.entries(outputs), ...Object.entries(inputs)];
  const freed = handles.find(([, handle]) => handle !== undefined && handle.block === undefined);
  return new Error(`${kernel}: ${freed?.[0]}: ${error.message}`);
}
