import type { Kernels } from "@surprisal/core";
import { type CpuHandle, told } from "./cpu-handle.ts";
import type { KernelTable, Phase, Scratch, WasmFunction, WasmFunctions } from "./kernels/index.ts";
import { type Block, UNIT_BYTES } from "./memory/block-allocator.ts";
import type { TensorMemory } from "./memory/tensor-memory.ts";

/** What an open backend has until it is closed. */
export interface Opened {
  readonly tensors: TensorMemory;
  /** The kernels, linked to that memory. */
  readonly wasm: WasmFunctions;
  /** The address of the local scratch. */
  readonly local: number;
}

type Named = { readonly [name: string]: CpuHandle | undefined };
type Plan = (outputs: Named, inputs: Named, params: unknown, scratch: Scratch) => readonly Phase[];

/** The kernels of a table, run phase after phase on this thread. */
export function kernelsOn(table: Partial<KernelTable>, live: (use: string) => Opened): Kernels<CpuHandle> {
  const taken: Block[] = [];
  const scratch = (bytes: number): number => {
    const block = live("scratch").tensors.alloc(bytes);
    taken.push(block);
    return block.start * UNIT_BYTES;
  };
  // One list of arguments for each function, written anew for every call: joined lists are a kilobyte of garbage each.
  const lists = new Map<WasmFunction, (number | undefined)[]>();
  const listFor = (run: WasmFunction, length: number): (number | undefined)[] => {
    let list = lists.get(run);
    if (list === undefined) {
      // Not of doubles alone, or the engine would make an object of each number that it passes.
      list = new Array<number | undefined>(length).fill(undefined);
      lists.set(run, list);
    }
    return list;
  };
  const runner = (kernel: string, plan: Plan) => (outputs: Named, inputs: Named, params: unknown) => {
    const { tensors, wasm, local } = live(kernel);
    try {
      for (const { run, args, blocks } of plan(outputs, inputs, params, scratch)) {
        if (blocks === 0) continue;
        const list = listFor(run, args.length + 3);
        for (let i = 0; i < args.length; i++) list[i] = args[i];
        list[args.length] = 0;
        list[args.length + 1] = blocks;
        list[args.length + 2] = local;
        wasm[run](...(list as number[]));
      }
    } catch (error) {
      throw told(error, `cpu: ${kernel}`, outputs, inputs);
    } finally {
      for (const block of taken) tensors.free(block);
      taken.length = 0;
    }
  };
  // Every plan has one form, which its own type only narrows.
  const plans = Object.entries(table) as unknown as [string, Plan][];
  return Object.fromEntries(
    plans.map(([kernel, plan]) => [kernel, runner(kernel, plan)]),
  ) as unknown as Kernels<CpuHandle>;
}
