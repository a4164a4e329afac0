import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** Drops a scope with two tensors, lets it be collected, and returns what was warned. */
function warningsOf(afterwards: string, environment: string): string {
  const core = new URL("index.ts", import.meta.url);
  const program = `
    import { plain } from "@surprisal/backend-cpu/plain";
    import { openDevice } from ${JSON.stringify(core.href)};
    const device = await openDevice([plain()]);
    (() => { const scope = device.scope(); scope.tensor([1]); scope.tensor([2]); ${afterwards} })();
    for (let i = 0; i < 10; i++) { globalThis.gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
    await device.close();`;
  const { stderr, status } = spawnSync(
    process.execPath,
    ["--expose-gc", "--conditions=@surprisal/source", "--input-type=module", "--eval", program],
    {
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "", NODE_ENV: environment },
    },
  );
  expect(status).toBe(0);
  return stderr;
}

test("a scope that is dropped without dispose is reported in development, with what it holds", () => {
  expect(warningsOf("", "development")).toContain("a scope was dropped without dispose(); its 2 tensors stay on plain");
});

test("a scope that was disposed is not reported, and nothing is in production", () => {
  expect(warningsOf("scope.dispose();", "development")).toBe("");
  expect(warningsOf("", "production")).toBe("");
});
