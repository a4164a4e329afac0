import { cases } from "@surprisal/conformance";
import { expect } from "vitest";
import type { Outcome } from "./browser-kit.ts";

const quickCases = cases.filter(({ tier }) => tier === "quick").length;

/** Which cases failed, and why. */
export const failuresOf = ({ report }: Outcome): string[] =>
  report.verdicts.filter(({ status }) => status === "failed").map(({ id, message }) => `${id}: ${message}`);

/** How many cases ran and were skipped. */
export const countsOf = ({ report: { name, facts, passed, failed, skipped } }: Outcome): string =>
  `${name} (${facts?.device ?? "not opened"}): ${passed} passed, ${failed} failed, ${skipped} skipped`;

/** Fails unless every quick case passed or told why it does not apply, and the page kept to its policy. */
export function expectEveryQuickCase(found: Outcome): void {
  const { passed, skipped } = found.report;
  expect(failuresOf(found).slice(0, 20)).toEqual([]);
  expect(passed + skipped, "all cases, and one for closing").toBe(quickCases + 1);
  expect(found.violations).toEqual([]);
}
