import { type Cell, makeCell } from "./cell.ts";

/** One gpu.js kernel: `output` = source(inputs, sizes, numbers). What tells one call from another is an argument. */
export interface Launch {
  readonly output: Cell;
  readonly source: string;
  readonly inputs: readonly Cell[];
  /** Integers. */
  readonly sizes?: readonly number[];
  readonly numbers?: readonly number[];
}

/** One call of the contract: what it writes, what it reads, and the launches that compute it, in order. */
export interface Call {
  readonly outputs: readonly Cell[];
  readonly inputs: readonly Cell[];
  readonly launches: readonly Launch[];
  /** Cells of the call's own, deleted behind it. */
  readonly temporaries?: readonly Cell[];
  /** Whether its results carry a mark that tells whether every launch took place. */
  readonly marked?: boolean;
}

/** A cell that only a call's launches know. */
export const temporary = (length: number): Cell => makeCell("float", length);
