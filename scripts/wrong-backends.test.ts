import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { wrongBackends, wrongBackendsPage } from "./wrong-backends.mjs";

test("every wrong backend is caught by a named case", () => {
  expect(wrongBackends().length).toBeGreaterThanOrEqual(60);
  expect(wrongBackends().filter(({ caughtBy }) => caughtBy.length === 0)).toEqual([]);
});

test("docs/wrong-backends.md lists them as they are", () => {
  const page = readFileSync(new URL("../docs/wrong-backends.md", import.meta.url), "utf8");
  expect(page, "write it anew: node --conditions=@surprisal/source scripts/wrong-backends.mjs --write").toBe(
    wrongBackendsPage(),
  );
});
