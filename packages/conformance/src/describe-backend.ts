import { type CheckOptions, defaultDeadline, selectCases, unknownSkips } from "./check-backend.ts";
import { type Subject, session } from "./session.ts";

/**
 * What a test runner gives. vitest's and node:test's functions fit, and any of their shape: a body's one parameter is the
 * test's context (jest takes a body with a parameter for one that waits for a `done` callback; give it bodies without).
 */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: every runner has its own context; only `skip` is looked for.
  test(name: string, body: (context?: any) => Promise<void>): unknown;
}

/** How to describe a backend's tests. */
export type DescribeOptions = Pick<CheckOptions, "tier" | "filter" | "seed" | "deadline">;

/**
 * Registers one test for each case, and one each for opening, closing and the skips, with any runner: the whole test
 * file of a backend. The tests of one backend run in order and share it.
 * @example
 * import { describeBackend } from "@surprisal/conformance/vitest";
 * describeBackend({ name: "plain", create: () => plain() });
 */
export function describeBackend(subject: Subject, { describe, test }: TestRunner, options: DescribeOptions = {}): void {
  const { seed = 1, tier = "quick" } = options;
  describe(subject.name, () => {
    const running = session(subject, { seed, deadline: options.deadline ?? defaultDeadline(tier) });
    test("every skip names a case", async () => {
      const [unknown] = unknownSkips(subject);
      if (unknown) throw new Error(unknown.message);
    });
    for (const selected of selectCases(options)) {
      test(selected.id, async (context) => {
        const verdict = await running.run(selected);
        if (verdict.status === "failed") throw new Error(verdict.message);
        // A runner without `skip` counts it as passed.
        if (verdict.status === "skipped") context?.skip?.(verdict.reason);
      });
    }
    test("backend/close", async () => {
      const verdict = await running.close();
      if (verdict.status === "failed") throw new Error(verdict.message);
    });
  });
}
