import { expect, test } from "vitest";
import { parseCommand, selects, UsageError } from "./arguments.ts";

test("a module alone is checked on the quick tier with seed 1, half a minute a case", () => {
  expect(parseCommand(["mine.js"])).toEqual({
    kind: "check",
    module: "mine.js",
    tier: "quick",
    filters: [],
    seed: 1,
    deadline: 30_000,
    json: false,
    html: undefined,
  });
});

test("a case of the full tier may take longer", () => {
  expect(parseCommand(["mine.js", "--tier", "full"])).toMatchObject({ deadline: 120_000 });
});

test("several filters select what any of them does, none selects all", () => {
  const accepts = selects(["kernel/gemm", "queue/"]);
  expect(["kernel/gemm/plain", "queue/write-then-read", "kernel/fill/values"].map(accepts)).toEqual([
    true,
    true,
    false,
  ]);
  expect(selects([])("anything")).toBe(true);
});

test.each([
  [[], "which backend?"],
  [["a.js", "b.js"], "one module at a time: a.js, and not b.js too"],
  [["a.js", "--tier", "all"], "--tier is quick or full, not all"],
  [["a.js", "--seed", "-1"], "--seed"],
  [["a.js", "--seed=1e3"], '--seed is a whole number from 0 to 9007199254740991, not "1e3"'],
  [["a.js", "--deadline", "0"], '--deadline is a whole number from 1 to 2147483647, not "0"'],
  [["a.js", "--html"], "--html"],
  [["a.js", "--fast"], "Unknown option '--fast'"],
])("wrong use is refused: %j", (args, reason) => {
  expect(() => parseCommand(args)).toThrow(UsageError);
  expect(() => parseCommand(args)).toThrow(reason);
});
