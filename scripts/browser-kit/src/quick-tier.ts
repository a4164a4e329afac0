import { cases } from "@surprisal/conformance";
import { expect } from "vitest";
import { isAsked } from "./asked.ts";
import type { Outcome } from "./browser-kit.ts";

const quickCases = cases.filter(({ tier }) => tier === "quick");

/** The ids of every `n`th quick case of each group, from its first on. */
export function oneInEachGroup(n: number): readonly string[] {
  const places = new Map<string, number>();
  const chosen = quickCases.filter(({ group }) => {
    const place = places.get(group) ?? 0;
    places.set(group, place + 1);
    return place % n === 0;
  });
  return chosen.map(({ id }) => id);
}

/** Which cases failed, and why. */
export const failuresOf = ({ report }: Outcome): string[] =>
  report.verdicts.filter(({ status }) => status === "failed").map(({ id, message }) => `${id}: ${message}`);

/** How many cases ran and were skipped. */
export const countsOf = ({ report: { name, facts, passed, failed, skipped } }: Outcome): string =>
  `${name} (${facts?.device ?? "not opened"}): ${passed} passed, ${failed} failed, ${skipped} skipped`;

/** Fails unless every quick case that was asked for passed or told why it does not apply, and the page kept to its policy. */
export function expectQuickCases(found: Outcome, only: readonly string[] = []): void {
  const asked = quickCases.filter(({ id }) => isAsked(id, only));
  const { passed, skipped } = found.report;
  expect(failuresOf(found).slice(0, 20)).toEqual([]);
  expect(passed + skipped, "all cases, and one for closing").toBe(asked.length + 1);
  expect(found.violations).toEqual([]);
}
