import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("node:test runs a backend's cases, and reports the skips", async () => {
  const file = fileURLToPath(new URL("../testing/node-test.ts", import.meta.url));
  const flags = ["--conditions=@surprisal/source", "--test", "--test-reporter=tap"];
  // A run inside of a run is refused.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file], { env });
  expect(stdout).toContain("ok 2 - kernel/fill/values");
  expect(stdout).toContain("ok 5 - fusion/sgd-plain # SKIP sgd is not offered: core derives it");
  expect(stdout).toMatch(/^# pass 5\n# fail 0\n# cancelled 0\n# skipped 6$/m);
});
