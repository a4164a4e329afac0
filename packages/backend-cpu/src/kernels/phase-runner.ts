import type { WasmFunction } from "./functions.generated.ts";
import type { WasmFunctions } from "./kernel-module.ts";
import type { Phase } from "./phase.ts";

/** Runs the blocks of a phase from `begin` to `end`. */
export type PhaseRunner = (phase: Pick<Phase, "run" | "args">, begin: number, end: number) => void;

/** A function and its list of arguments. */
interface Call {
  readonly f: (...args: number[]) => number;
  readonly list: number[];
}

/**
 * Runs phases on this thread.
 * @param local the address of the thread's local scratch
 */
export function phaseRunner(wasm: WasmFunctions, local: number): PhaseRunner {
  // One list of arguments for each function, written anew for every call: joined lists are a kilobyte of garbage each.
  const calls = new Map<WasmFunction, Call>();
  const callOf = (run: WasmFunction, length: number): Call => {
    // Not of doubles alone, or the engine would make an object of each number that it passes.
    const list = new Array<number | undefined>(length).fill(undefined) as number[];
    const call = { f: wasm[run], list };
    calls.set(run, call);
    return call;
  };
  return ({ run, args }, begin, end) => {
    const count = args.length;
    const { f, list } = calls.get(run) ?? callOf(run, count + 3);
    for (let i = 0; i < count; i++) list[i] = args[i]!;
    list[count] = begin;
    list[count + 1] = end;
    list[count + 2] = local;
    f(...list);
  };
}
