import type { Kernels } from "@surprisal/core";

/** One call of a kernel: the same on every backend. Inputs under a name that ends in "#" are i32. */
export interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Lengths of the outputs. One that has an input's name starts as a copy of it (accumulate, aliasing). */
  readonly outputs: Readonly<Record<string, number>>;
  call<H>(kernels: Kernels<H>, outputs: Record<string, H>, inputs: Record<string, H>): void;
  /** The largest error allowed for an element whose true value is `expected`. */
  tolerance(expected: number, output: string): number;
}
