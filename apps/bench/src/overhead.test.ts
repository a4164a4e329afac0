import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("overhead refuses to begin where the heap cannot be known", () => {
  const script = fileURLToPath(new URL("overhead.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=@surprisal/source", script], {
    encoding: "utf8",
    timeout: 30_000,
  });
  expect(stderr).toMatch(/^error: the heap is only known after a garbage collection: .*--expose-gc\n$/);
  expect([status, stdout]).toEqual([2, ""]);
});
