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
  value: DeviceArray | undefined;
  /** What stands everywhere in a cell that has no array: one is made when a kernel reads it. */
  uniform: number;
  /** The first cause, once a call that writes this cell has failed. */
  failure: Failure | undefined;
  freed: boolean;
}

/** A fresh cell; it holds zeros unless told otherwise. */
export function makeCell(kind: Kind, length: number, uniform = 0): Cell {
  return { kind, length, value: undefined, uniform, failure: undefined, freed: false };
}
