import type { Kernels } from "@surprisal/core";
import type { WasmFunction } from "./functions.generated.ts";

/** What a kernel needs to know of a handle: where its first element lies, in bytes. */
export interface Located {
  readonly address: number;
  /** Of an output that a kernel reads too (C of a product that is added to): where its old value stands, if elsewhere. */
  readonly before?: number | undefined;
}

/**
 * A part of a call, as data. Its blocks are independent of each other, in any order and on any thread; the next phase
 * begins when all are done. What a block is depends on the shapes alone, so a result does not depend on who computes it.
 */
export interface Phase {
  /** The function of the kernel module that computes a range of blocks. */
  readonly run: WasmFunction;
  /** Its first arguments; `begin`, `end` and the address of the thread's local scratch follow. */
  readonly args: readonly number[];
  readonly blocks: number;
  /** So many blocks are worth handing to another thread: about 16 000 elements of work. A part of one where blocks are larger. */
  readonly grain: number;
  /** Whether a block replaces what it reads: then it may not be computed twice, only the whole call may. */
  readonly rewrites?: boolean;
}

/** The address of so many bytes that are the call's own until its last phase has run. */
export type Scratch = (bytes: number) => number;

/**
 * A kernel of the contract as a function that says what is to be run. For more `threads` than one it may cut a call into
 * other phases, never into such as give other bits.
 */
type Planned<K> = K extends (outputs: infer O, inputs: infer I, params: infer P) => void
  ? (outputs: O, inputs: I, params: P, scratch: Scratch, threads?: number) => readonly Phase[]
  : never;

type Contract = Kernels<Located>;

/** The kernels of the contract, as plans. */
export type KernelTable = { readonly [Name in keyof Contract]: Planned<NonNullable<Contract[Name]>> };

/** Bytes of local scratch that each thread hands to its blocks. */
export const LOCAL_SCRATCH_BYTES = 65_536;

/** So many blocks of `size` elements, or such a part of one, make a chunk that is worth a thread's while. */
export function grainFor(size: number): number {
  return 16_384 / Math.max(1, size);
}

/** The address of an input that may be left out: 0, where no tensor is. */
export function addressOf(handle: Located | undefined): number {
  return handle === undefined ? 0 : handle.address;
}
