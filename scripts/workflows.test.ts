import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const folder = new URL("../.github/workflows/", import.meta.url);

// A tag can be moved to other code that then runs with our rights; a commit cannot.
test.each(readdirSync(folder))("%s pins every action to a commit and says which version it is", (file) => {
  const uses = readFileSync(new URL(file, folder), "utf8").match(/uses:.*/g) ?? [];
  expect(uses.length).toBeGreaterThan(0);
  for (const use of uses) expect(use).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});
