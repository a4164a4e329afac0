import { cases, checkBackend } from "@surprisal/conformance";
import { openDevice, softmaxCrossEntropy } from "@surprisal/core";
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

/** What is core's: in Chromium it runs on this driver, where it makes a shader, and in the nightly run everything here too. */
const ofCore = (id: string): boolean => /^(loss|gradients)\//.test(id);

describe.skipIf(!canRun)("WebGPU on Node", { timeout: 300_000 }, () => {
  test("passes every quick case of kernels, ops and queue", async () => {
    const subject = { name: "gpujs, WebGPU on Node", create: () => gpujs() };
    const report = await checkBackend(subject, { tier: "quick", filter: (id) => !ofCore(id) });
    const { name, facts, passed, failed, skipped } = report;
    console.info(`${name}, ${facts?.device}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    const failures = report.verdicts.filter(({ status }) => status === "failed");
    expect(failures.slice(0, 20).map(({ id, message }) => `${id}: ${message}`)).toEqual([]);
    expect(passed + skipped, "all cases, and one for closing").toBe(
      cases.filter(({ id, tier }) => tier === "quick" && !ofCore(id)).length + 1,
    );
  });

  test("indexes exactly beyond 2^24 elements", async () => {
    const [rows, classes] = [130, 131_072];
    const logits = new Float32Array(rows * classes);
    // Every second class of the last row is out: an index that is rounded to an even one meets no other.
    for (let j = 0; j < classes; j += 2) logits[(rows - 1) * classes + j] = -1000;
    const device = await openDevice([gpujs()]);
    try {
      const z = device.tensor(logits, [rows, classes]);
      const losses = await softmaxCrossEntropy(
        z,
        { labels: new Int32Array(rows).fill(1) },
        { reduction: "none" },
      ).data();
      expect(losses[0]).toBeCloseTo(Math.log(classes), 4);
      expect(losses[rows - 1]).toBeCloseTo(Math.log(classes / 2), 4);
    } finally {
      await device.close();
    }
  });
});
