import { cases, checkBackend } from "@surprisal/conformance";
import { describe, expect, test } from "vitest";
import { gpujs } from "./node.ts";

/** Why there is no GPU here, not even in software; undefined if there is one. */
const refusal = await Promise.resolve(gpujs().open({ onError: () => {} })).then(
  (backend) => backend.close().then(() => undefined),
  (error: Error) => error.message,
);
// Where CI is set there must be an adapter. Elsewhere the tests are skipped, aloud.
const canRun = Boolean(process.env.CI) || refusal === undefined;
if (!canRun) console.warn(`The tests of WebGPU on Node are skipped: ${refusal}`);

describe.skipIf(!canRun)("WebGPU on Node", { timeout: 300_000 }, () => {
  test("passes every quick case", async () => {
    const report = await checkBackend({ name: "gpujs, WebGPU on Node", create: () => gpujs() }, { tier: "quick" });
    const { name, facts, passed, failed, skipped } = report;
    console.info(`${name}, ${facts?.device}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    const failures = report.verdicts.filter(({ status }) => status === "failed");
    expect(failures.slice(0, 20).map(({ id, message }) => `${id}: ${message}`)).toEqual([]);
    expect(passed + skipped, "all cases, and one for closing").toBe(
      cases.filter((one) => one.tier === "quick").length + 1,
    );
  });
});
