import type { Report, Verdict } from "./report.ts";

/** An error and the case that produced it. */
export interface WorstOf {
  readonly value: number;
  readonly id: string;
}

/** What became of the cases that are reported in one row. */
export interface GroupRow {
  readonly group: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** How many cases each reason skipped, most of them first. */
  readonly reasons: readonly (readonly [reason: string, cases: number])[];
  /** The largest error in ulp, in units of the scale, and as a part of what is allowed; absent if no numbers were compared. */
  readonly ulp?: WorstOf | undefined;
  readonly scaled?: WorstOf | undefined;
  readonly ofAllowed?: WorstOf | undefined;
}

/** The rows of a report, in the order in which the cases ran. All ops are one row, and so are all gradients and fusions. */
export function reportRows({ verdicts }: Pick<Report, "verdicts">): readonly GroupRow[] {
  const groups = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    const name = rowOf(verdict.group);
    const group = groups.get(name);
    if (group) group.push(verdict);
    else groups.set(name, [verdict]);
  }
  return [...groups].map(([group, of]) => ({
    group,
    ...statuses(of),
    reasons: counted(of.flatMap(({ status, reason }) => (status === "skipped" ? [reason ?? ""] : []))),
    ulp: worst(of, "ulp"),
    scaled: worst(of, "scaled"),
    ofAllowed: worst(of, "ofAllowed"),
  }));
}

/** Equal texts with how often each occurs, the most frequent first. */
export function counted(texts: readonly string[]): readonly (readonly [text: string, times: number])[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function rowOf(group: string): string {
  return /^(ops|gradients|fusion)\//.exec(group)?.[1] ?? group;
}

function statuses(verdicts: readonly Verdict[]): Pick<GroupRow, "passed" | "failed" | "skipped"> {
  const count = (wanted: Verdict["status"]): number => verdicts.filter(({ status }) => status === wanted).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
}

function worst(verdicts: readonly Verdict[], measure: "ulp" | "scaled" | "ofAllowed"): WorstOf | undefined {
  let found: WorstOf | undefined;
  for (const { id, worst } of verdicts) {
    if (worst && (!found || worst[measure] > found.value)) found = { value: worst[measure], id };
  }
  return found;
}
