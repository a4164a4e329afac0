import type { Answer } from "./answer.ts";
import type { Case, Tier } from "./case.ts";
import { cases, casesVersion } from "./cases.ts";
import { type Report, report, type Verdict } from "./report.ts";
import { type Subject, session } from "./session.ts";

/** How to check. */
export interface CheckOptions {
  /** `full` includes `quick`. `quick` if absent. */
  readonly tier?: Tier | undefined;
  /** Only the cases whose id this accepts. */
  readonly filter?: ((id: string) => boolean) | undefined;
  /** Seed of all random data; 1 if absent. */
  readonly seed?: number | undefined;
  /** The longest that one case may take, in milliseconds; 30 000 (`full`: 120 000) if absent. */
  readonly deadline?: number | undefined;
  /** Ends the check between two cases: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each verdict as it falls. */
  readonly onVerdict?: ((verdict: Verdict) => void) | undefined;
  /** Called with each answer that a case compares, so that what two backends said can be held to each other. */
  readonly onAnswer?: ((answer: Answer) => void) | undefined;
}

/**
 * Proves a backend: opens it, runs every case of the tier and closes it. Never rejects because the backend is wrong;
 * what is wrong stands in the report.
 * @throws the signal's reason, if it was aborted
 * @example
 * const report = await checkBackend({ name: "plain", create: () => plain() });
 * for (const { id, message } of report.verdicts.filter((verdict) => verdict.status === "failed")) console.error(id, message);
 */
export async function checkBackend(subject: Subject, options: CheckOptions = {}): Promise<Report> {
  checkOptions(options);
  const { tier = "quick", seed = 1, signal, onVerdict } = options;
  const verdicts: Verdict[] = [];
  const add = (verdict: Verdict): void => {
    verdicts.push(verdict);
    onVerdict?.(verdict);
  };
  const running = session(subject, {
    seed,
    deadline: options.deadline ?? defaultDeadline(tier),
    onAnswer: options.onAnswer,
  });
  for (const verdict of unknownSkips(subject)) add(verdict);
  const selection = selectCases(options);
  if (selection.length === 0) {
    add({
      id: "backend/cases",
      group: "backend",
      status: "failed",
      message: "the filter selects no case: nothing is proven",
    });
  }
  try {
    for (const selected of selection) {
      signal?.throwIfAborted();
      add(await running.run(selected));
    }
  } finally {
    const closed = await running.close();
    if (!signal?.aborted) add(closed);
  }
  return report({ name: subject.name, tier, seed, cases: casesVersion, facts: running.facts() }, verdicts);
}

/** Refuses what is misspelt: an option that is not read proves nothing. */
function checkOptions(options: CheckOptions): void {
  const known = ["tier", "filter", "seed", "deadline", "signal", "onVerdict", "onAnswer"];
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new RangeError(`checkBackend: there is no option "${unknown}"; the options are ${known.join(", ")}`);
  }
  if (options.tier !== undefined && options.tier !== "quick" && options.tier !== "full") {
    throw new RangeError(`checkBackend: tier is "quick" or "full", not ${JSON.stringify(options.tier)}`);
  }
}

/** The cases of a tier that the filter accepts. */
export function selectCases({ tier = "quick", filter }: Pick<CheckOptions, "tier" | "filter">): readonly Case[] {
  return cases.filter((one) => (tier === "full" || one.tier === "quick") && (filter?.(one.id) ?? true));
}

/** A skip that names no case was meant for something: it fails. */
export function unknownSkips(subject: Subject): readonly Verdict[] {
  const known = new Set(cases.map((one) => one.id));
  return Object.keys(subject.skip ?? {})
    .filter((id) => !known.has(id))
    .map((id) => ({ id, group: "skips", status: "failed", message: `no case is called ${id}: remove the skip` }));
}

/** The longest that a case of the tier may take, in milliseconds. */
export function defaultDeadline(tier: Tier): number {
  return tier === "full" ? 120_000 : 30_000;
}
