import type { Case, Tier } from "../case.ts";

/** Builds the cases of one group: `quick("transposes", run)` has the id `group/transposes`. */
export interface CaseBuilder {
  quick(name: string, run: Case["run"], needs?: Case["needs"]): Case;
  full(name: string, run: Case["run"], needs?: Case["needs"]): Case;
}

/** A builder of cases for one group. */
export function caseGroup(group: string): CaseBuilder {
  const build =
    (tier: Tier): CaseBuilder["quick"] =>
    (name, run, needs) => ({ id: `${group}/${name}`, group, tier, run, needs });
  return { quick: build("quick"), full: build("full") };
}
