import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { cases, casesVersion } from "./cases.ts";

/**
 * Which ids each version of the set had: a digest of them in their order, with their tiers. Versions are added, and none is
 * changed: reports, skips and histories of one version compare.
 */
const caseSets: Readonly<Record<number, { readonly cases: number; readonly sha256: string }>> = {
  2: { cases: 2534, sha256: "530a2d293da02f803cb5f9205f1982dc346f1d12f735540cbce34e0bc602819a" },
  3: { cases: 3223, sha256: "06d498ddeb27a44a685bc14f0c74b1a398352a9bf53c3f1c85469b94ab351e0a" },
};

test("the ids of the cases change only with the version of their set", () => {
  const ids = cases.map(({ id, tier }) => `${id} ${tier}\n`).join("");
  const current = { cases: cases.length, sha256: createHash("sha256").update(ids).digest("hex") };
  expect(
    caseSets[casesVersion],
    "a case was added, renamed or taken away: raise casesVersion in cases.ts and record the new set here",
  ).toEqual(current);
});

test("the last recorded set is the one that reports name", () => {
  expect(Math.max(...Object.keys(caseSets).map(Number))).toBe(casesVersion);
});
