import { float32, type Judgement, tolerance } from "@surprisal/conformance";
import type { Facts } from "@surprisal/core";
import type { TargetKind } from "./batch.ts";

/** The largest error of one kind of number, and where it was met. */
export interface Largest {
  readonly ulp: number;
  readonly classes: number;
}

/** What was found of one class of rows, on one variant. */
export interface Tally {
  rows: number;
  /** Rows whose loss is within 1 ulp. */
  within: number;
  loss: Largest;
  labelGradient: Largest;
  gradient: Largest;
}

export function emptyTally(): Tally {
  const nothing = { ulp: 0, classes: 0 };
  return { rows: 0, within: 0, loss: nothing, labelGradient: nothing, gradient: nothing };
}

/** Both together. */
export function together(tallies: readonly Tally[]): Tally {
  const all = emptyTally();
  for (const tally of tallies) {
    all.rows += tally.rows;
    all.within += tally.within;
    for (const column of ["loss", "labelGradient", "gradient"] as const) {
      if (tally[column].ulp > all[column].ulp) all[column] = tally[column];
    }
  }
  return all;
}

/** What a class of precision is held to, from the one place where tolerances stand. */
export interface Bounds {
  readonly loss: Judgement;
  readonly gradient: Judgement;
}

export function boundsOf(precision: Facts["precision"], kind: TargetKind): Bounds {
  const soft = kind !== "labels";
  return {
    loss: tolerance(precision, soft ? "soft loss" : "loss"),
    gradient: tolerance(precision, soft ? "soft gradient" : "gradient"),
  };
}

/**
 * The error in units in the last place of the value, or of the terms that went into it where those are judged. NaN, a wrong
 * infinity and a flush to zero of a normal number are infinitely wrong or as wrong as they are.
 */
export function ulpsOff(actual: number, expected: number, terms: number, { at, flushBelow }: Judgement): number {
  if (actual === expected) return 0;
  const rounded = Math.fround(expected);
  if (!Number.isFinite(actual) || !Number.isFinite(rounded)) return actual === rounded ? 0 : Infinity;
  const magnitude = Math.abs(expected);
  if (magnitude < flushBelow && Math.abs(actual) <= flushBelow) return 0;
  return Math.abs(actual - expected) / float32.ulp(at === "terms" ? Math.max(magnitude, terms) : magnitude);
}
