import type { Facts } from "../backend.ts";

/**
 * What became of a candidate: it is the device (`chosen`); it works, and another one was taken (`slower`, `not chosen`); it was
 * never asked (`not tried`); it cannot be had here (`unavailable`); it broke the contract or computed something wrong
 * (`wrong`); it threw or rejected where it must not (`failed`); it gave no answer in time (`no answer`); it was the device and
 * was lost (`lost`).
 */
export type CandidateStatus =
  | "chosen"
  | "slower"
  | "not chosen"
  | "not tried"
  | "unavailable"
  | "wrong"
  | "failed"
  | "no answer"
  | "lost";

/** The outcome of a verification: how many cases were run, and the first that failed. */
export interface Verification {
  readonly cases: number;
  readonly fault?: CaseFault | undefined;
}

/** A case that a backend failed, and what it gave instead. */
export interface CaseFault {
  readonly id: string;
  readonly message: string;
}

/** How long the workload took on a candidate. */
export interface Timing {
  /** The median of one run, in milliseconds. */
  readonly milliseconds: number;
  /** How many measurements it is the median of; 0 where the warm-up alone was too long to be repeated. */
  readonly measurements: number;
}

/** What became of one candidate of `openDevice`. */
export interface CandidateReport {
  readonly name: string;
  readonly status: CandidateStatus;
  /** Why: a backend's own reason, the case that failed, what was faster. */
  readonly reason: string;
  /** What the backend says about itself, if it could be opened. */
  readonly facts?: Facts | undefined;
  readonly verification?: Verification | undefined;
  readonly timing?: Timing | undefined;
  /** What went wrong when the candidate was closed again. */
  readonly closing?: string | undefined;
}

/** What became of every candidate, in the order given; plain data, fit for JSON. */
export interface OpenReport {
  readonly candidates: readonly CandidateReport[];
  /** Where the choice by a workload comes from: timed now, or remembered. */
  readonly choice?: string | undefined;
}

/**
 * The report as a block of text, one line for each candidate.
 *
 * ```js
 * const device = await openDevice([gpujs(), workers(), cpu()], { workload, verify: true });
 * console.log(formatReport(device.report));
 * ```
 */
export function formatReport({ candidates, choice }: OpenReport): string {
  const names = widest(candidates.map(({ name }) => name));
  const statuses = widest(candidates.map(({ status }) => status));
  const lines = candidates.map((candidate) => {
    const { name, status } = candidate;
    return `${name.padEnd(names)}  ${status.padEnd(statuses)}  ${sayings(candidate).join("; ")}`;
  });
  return [...lines, ...(choice === undefined ? [] : [choice])].join("\n");
}

function sayings({ reason, facts, verification, timing, closing }: CandidateReport): string[] {
  return [
    ...(timing ? [inWords(timing)] : []),
    reason,
    ...(verification && !verification.fault ? [`${verification.cases} cases passed`] : []),
    ...(facts ? [facts.device] : []),
    ...(closing ? [`closing it: ${closing}`] : []),
  ];
}

/** `1.42 ms` */
export function inMilliseconds(milliseconds: number): string {
  const digits = milliseconds >= 100 ? 0 : milliseconds >= 10 ? 1 : milliseconds >= 1 ? 2 : 3;
  return `${milliseconds.toFixed(digits)} ms`;
}

function inWords({ milliseconds, measurements }: Timing): string {
  return `${inMilliseconds(milliseconds)} (${measurements === 0 ? "one long run" : `median of ${measurements}`})`;
}

function widest(words: readonly string[]): number {
  return Math.max(...words.map((word) => word.length));
}
