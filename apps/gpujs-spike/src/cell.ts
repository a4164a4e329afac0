import type { Kind } from "@surprisal/core";
import type { DeviceArray } from "./gpu-js.ts";

/**
 * The backend's handle: a place whose value is an immutable device array. A kernel that writes it swaps a new array in
 * and deletes the old one, so an output may always alias an input.
 */
export interface Cell {
  readonly kind: Kind;
  readonly length: number;
  /** Absent until the first write; a fresh cell reads as zeros. */
  value: DeviceArray | undefined;
  /** The first cause, once a call that writes this cell has failed. */
  poison: Error | undefined;
}

export const makeCell = (kind: Kind, length: number): Cell => ({ kind, length, value: undefined, poison: undefined });

export function replaceValue(cell: Cell, value: DeviceArray | undefined): void {
  cell.value?.delete();
  cell.value = value;
}
