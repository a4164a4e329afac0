import { checkBackend, type Report, type Tier } from "@surprisal/conformance";
import { type AnswerSample, sampler } from "./answer-sample.ts";
import { isAsked } from "./asked.ts";
import { type SubjectName, subjects } from "./subjects.ts";

/** What the page found out; it stands in `globalThis.outcome` as a promise. */
export interface Outcome {
  readonly report: Report;
  /** What the content security policy refused: directive and source. */
  readonly violations: readonly string[];
  readonly crossOriginIsolated: boolean;
  /** What the backend answered; empty if it was not asked for. */
  readonly answers: AnswerSample;
}

/**
 * Checks what the address asks for: `?subject=cpu-strict&tier=quick&seed=1&answers=true#kernel/,ops/`. Behind the `#`,
 * where any length is allowed, are the cases.
 */
async function check(address: URLSearchParams, only: readonly string[]): Promise<Outcome> {
  const violations: string[] = [];
  addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
    violations.push(`${effectiveDirective} ${blockedURI}`);
  });
  const answers: AnswerSample = {};
  const report = await checkBackend(subjects[address.get("subject") as SubjectName], {
    tier: (address.get("tier") ?? "quick") as Tier,
    seed: Number(address.get("seed") ?? 1),
    filter: (id) => isAsked(id, only),
    // Says how far it is, if it hangs.
    onVerdict: ({ id }) => console.debug(id),
    onAnswer: address.has("answers") ? sampler(answers) : undefined,
  });
  return { report, violations, crossOriginIsolated, answers };
}

// It runs by itself: what a driver evaluates in a page is exempt from the policy until its first wait.
Object.assign(globalThis, {
  outcome: check(new URLSearchParams(location.search), location.hash.slice(1).split(",").filter(Boolean)),
});
