import type { Facts } from "@surprisal/core";
import type { Effort } from "./interleave.ts";

/**
 * Who can be timed: a library, or one way to use ours. `setup` brings a problem into the contender's own memory, outside
 * of what is timed.
 * @typeParam P the problem of a workload
 * @typeParam A what every contender has to answer
 */
export interface Contender<P, A> {
  readonly name: string;
  /** Whether it is ours: then a wrong answer fails the whole run, and others are measured against it. */
  readonly ours: boolean;
  /** Whose it is: `tfjs`, `jax-js`, … */
  readonly library: string;
  /** What a reader of the results should know of it. */
  readonly says: string;
  /** Rejects where it cannot be had: for others' libraries the error's message becomes their line in the report. */
  setup(problem: P): Promise<Ready<A>>;
}

/** A contender with the problem in its memory. */
export interface Ready<A> {
  /** The device in words. */
  readonly device: string;
  /** The tolerance class that the answer is held to; absent for others' libraries, which only have to be nearly right. */
  readonly precision?: Facts["precision"];
  /** Computes the answer once, leaving it in the contender's memory. */
  run(): void | Promise<void>;
  /** Milliseconds a run, of so many: for what is timed in a process of its own, or has to be switched to first. */
  sample?(calls: number): Promise<number>;
  /** Computes the answer once more and fetches it. */
  read(): Promise<A>;
  dispose(): void | Promise<void>;
}

/** How wrong an answer is. */
export interface Errors {
  /** In words and numbers, one for each thing that is answered: `{ "loss, relative": 3e-8, … }`. */
  readonly measured: Readonly<Record<string, number>>;
  /** Why it counts as wrong, if it does. */
  readonly fault?: string | undefined;
}

/** What others' libraries may be wrong by, relative to the size of what is answered: more is not an answer. */
export const NEARLY_RIGHT = 1e-3;

/** What is timed: problems of several shapes, and what is right. */
export interface Workload<P, A> {
  readonly name: string;
  /** What is computed, in one sentence. */
  readonly says: string;
  /** Shapes by name; those in `quick` first. */
  readonly shapes: readonly string[];
  /** The shapes that `--quick` keeps. */
  readonly quick: readonly string[];
  problem(shape: string): P;
  /** Judges an answer against float64. */
  judge(problem: P, answer: A, precision: Facts["precision"] | undefined): Errors;
  /** What this workload needs of the measurement besides. */
  readonly effort?: Partial<Effort>;
  /** Work of one run, to turn time into a rate: `{ unit: "GFLOP/s", amount: 2e9 }`. */
  work(problem: P): { readonly unit: string; readonly perSecond: number };
  readonly contenders: readonly Contender<P, A>[];
}

/** A workload whose problem and answer are nobody else's affair. */
// biome-ignore lint/suspicious/noExplicitAny: the types only have to fit each other inside of one workload.
export type AnyWorkload = Workload<any, any>;
