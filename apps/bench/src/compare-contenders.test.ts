import { expect, test } from "vitest";
import { compareContenders } from "./compare-contenders.ts";
import type { Contender, Workload } from "./contender.ts";
import { shapeTable } from "./speed-report.ts";

function contender(name: string, ours: boolean, answer: number): Contender<number, number> {
  return {
    name,
    library: name,
    ours,
    says: "",
    setup: async () => ({ device: "here", run: () => {}, read: async () => answer, dispose: () => {} }),
  };
}

test("an answer that is wrong has no ratio, and no ratio is to it", async () => {
  const workload: Workload<number, number> = {
    name: "one",
    says: "",
    shapes: ["1"],
    quick: [],
    problem: () => 1,
    judge: (problem, answer) => ({
      measured: { error: Math.abs(answer - problem) },
      fault: answer === problem ? undefined : "not 1",
    }),
    work: () => ({ unit: "ones/s", perSecond: 1 }),
    contenders: [contender("right", true, 1), contender("wrong", true, 2), contender("other", false, 1)],
  };
  const report = await compareContenders(workload, "1", { rounds: 2, sampleMs: 0.01 });
  const [right, wrong, other] = report.results;
  expect(Object.keys(right!.multipleOf)).toEqual([]);
  expect(Object.keys(wrong!.multipleOf)).toEqual([]);
  expect(wrong!.errors.fault).toBe("not 1");
  expect(Object.keys(other!.multipleOf)).toEqual(["right"]);
  expect(shapeTable(report)).toContain("WRONG");
});
