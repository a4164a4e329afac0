import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../testing/other-engine.ts", import.meta.url));
const conditions = "--conditions=@surprisal/source";

// Engines that are not on the PATH are skipped, aloud.
it.for([
  { engine: "deno", args: ["run", "--allow-all", conditions, program] },
  { engine: "bun", args: [conditions, program] },
])(
  "$engine: the bits of cpu in every quick case and while workers die",
  {
    timeout: 120_000,
  },
  async ({ engine, args }, { skip }) => {
    const version = await run(engine, ["--version"]).catch(() => undefined);
    if (version === undefined) skip(`there is no ${engine} on the PATH (npm install --global ${engine})`);
    const { stdout } = await run(engine, args, { timeout: 110_000 });
    const { passed, failed, deaths } = JSON.parse(stdout.trim().split("\n").at(-1)!);
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(2000);
    expect(deaths).toBeGreaterThanOrEqual(20);
  },
);
