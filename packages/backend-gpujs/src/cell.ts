import type { Kind } from "@surprisal/core";
import type { Failure } from "./failures.ts";
import type { DeviceArray } from "./gpu-js.ts";

/**
 * The backend's handle: a place whose value is an immutable device array. A kernel that writes it puts a new array there, and
 * the old one is deleted, so an output may always alias an input.
 */
export interface Cell {
  readonly kind: Kind;
  readonly length: number;
  /** Absent until the first write; a fresh cell reads as zeros. */
  value: DeviceArray | undefined;
  /** The first cause, once a call that writes this cell has failed. */
  failure: Failure | undefined;
  freed: boolean;
}

export function makeCell(kind: Kind, length: number): Cell {
  return { kind, length, value: undefined, failure: undefined, freed: false };
}
