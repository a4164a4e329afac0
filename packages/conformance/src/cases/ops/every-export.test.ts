import * as ops from "@surprisal/core/ops";
import { expect, test } from "vitest";
import { uncoveredOps } from "./every-export.ts";

test("every op that core exports has value cases and an entry among the derivatives, and no case is of another", () => {
  expect(uncoveredOps()).toEqual([]);
});

test("a new op without a case, and a case of no op, are named", () => {
  const exported = Object.keys(ops).filter((op) => op !== "gelu");
  expect(uncoveredOps([...exported, "swish"])).toEqual([
    "swish has no case",
    "swish has no entry among the derivatives",
    "gelu is no op that core exports",
  ]);
});
