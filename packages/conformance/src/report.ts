import type { Facts } from "@surprisal/core";
import type { Tier } from "./case.ts";
import type { Worst } from "./comparison.ts";

/** What became of one case. */
export interface Verdict {
  readonly id: string;
  readonly group: string;
  readonly status: "passed" | "failed" | "skipped";
  /** Why it was skipped. */
  readonly reason?: string | undefined;
  /** Why it failed. */
  readonly message?: string | undefined;
  /** The largest error that was met, if numbers were compared. */
  readonly worst?: Worst | undefined;
}

/** The outcome of {@link checkBackend}: plain data, fit for JSON. */
export interface Report {
  /** The subject's name. */
  readonly name: string;
  readonly tier: Tier;
  readonly seed: number;
  /** Version of the set of cases: two reports compare only within one. */
  readonly cases: number;
  /** What the backend said of itself; absent if it could not be opened. */
  readonly facts?: Facts | undefined;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly verdicts: readonly Verdict[];
  /** The largest error of each group. */
  readonly worst: Readonly<Record<string, Worst>>;
}

/** Sums verdicts up. */
export function report(
  about: Pick<Report, "name" | "tier" | "seed" | "cases" | "facts">,
  verdicts: readonly Verdict[],
): Report {
  const count = (status: Verdict["status"]): number => verdicts.filter((verdict) => verdict.status === status).length;
  const worst: Record<string, Worst> = {};
  for (const verdict of verdicts) {
    const known = worst[verdict.group];
    if (verdict.worst && (!known || verdict.worst.ofAllowed > known.ofAllowed)) worst[verdict.group] = verdict.worst;
  }
  return { ...about, passed: count("passed"), failed: count("failed"), skipped: count("skipped"), verdicts, worst };
}
