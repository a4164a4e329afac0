import type { WasmFunction } from "./functions.generated.ts";
import type { WasmFunctions } from "./kernel-module.ts";
import type { Phase } from "./phase.ts";

/** Runs the blocks of a phase from `begin` to `end`. */
export type PhaseRunner = (phase: Pick<Phase, "run" | "args">, begin: number, end: number) => void;

/**
 * Runs phases on this thread.
 * @param local the address of the thread's local scratch
 */
export function phaseRunner(wasm: WasmFunctions, local: number): PhaseRunner {
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
  return ({ run, args }, begin, end) => {
    const list = listFor(run, args.length + 3);
    for (let i = 0; i < args.length; i++) list[i] = args[i];
    list[args.length] = begin;
    list[args.length + 1] = end;
    list[args.length + 2] = local;
    wasm[run](...(list as number[]));
  };
}
