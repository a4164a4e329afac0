import type { Candidate } from "./candidate.ts";

/** Which candidate is taken, and which could be in its place. */
export interface Choice {
  readonly chosen: Candidate | undefined;
  /** The others that nothing was found against, the best first. */
  readonly reserve: readonly Candidate[];
  /** What it rests on, where that is a workload. */
  readonly says?: string | undefined;
}
