import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommandLine } from "./command-line.ts";
import type { EvalReport } from "./eval-command.ts";
import type { TrainReport } from "./train-command.ts";

/** The one line that a command prints on standard output. */
async function reportOf<R>(...args: string[]): Promise<R> {
  let line = "";
  const silent = { write() {} };
  const status = await runCommandLine(args, { out: { write: (text) => (line += text) }, err: silent });
  expect(status).toBe(0);
  return JSON.parse(line) as R;
}

test("8000 images of MNIST, shifted, teach at least 97 %, with any of three seeds, and eval finds the same", async (context) => {
  const data = process.env.MNIST_DIR;
  if (data === undefined) return context.skip("MNIST_DIR does not name a folder with MNIST's files");
  const folder = mkdtempSync(join(tmpdir(), "mnist-"));
  const out = join(folder, "w");
  const recipe = ["--epochs", "20", "--augment", "shift", "--schedule", "cosine", "--out", out];
  for (const seed of ["0", "1", "2"]) {
    const { testAccuracy } = await reportOf<TrainReport>("--data", data, ...recipe, "--seed", seed, "--json");
    expect(testAccuracy).toBeGreaterThanOrEqual(0.97);
    expect((await reportOf<EvalReport>("eval", out, "--data", data, "--json")).testAccuracy).toBe(testAccuracy);
  }
  rmSync(folder, { recursive: true });
});
