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

function workload(contenders: readonly Contender<number, number>[]): Workload<number, number> {
  return {
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
    contenders,
  };
}

const effort = { rounds: 2, sampleMs: 0.01 };

test("an answer that is wrong has no ratio, and no ratio is to it", async () => {
  const contenders = [contender("right", true, 1), contender("wrong", true, 2), contender("other", false, 1)];
  const report = await compareContenders(workload(contenders), "1", effort, () => 0);
  const [right, wrong, other] = report.results;
  expect(Object.keys(right!.multipleOf)).toEqual([]);
  expect(Object.keys(wrong!.multipleOf)).toEqual([]);
  expect(wrong!.errors.fault).toBe("not 1");
  expect(Object.keys(other!.multipleOf)).toEqual(["right"]);
  expect(shapeTable(report)).toContain("WRONG");
});

test("a library that is not there is named with its reason, and the others are timed", async () => {
  const missing: Contender<number, number> = {
    ...contender("missing", false, 1),
    setup: () => Promise.reject(new Error("could not be installed: offline\nand much more")),
  };
  const report = await compareContenders(workload([contender("right", true, 1), missing]), "1", effort, () => 0);
  expect(report.results.map(({ name }) => name)).toEqual(["right"]);
  expect(report.absent).toEqual([{ name: "missing", library: "missing", reason: "could not be installed: offline" }]);
  expect(shapeTable(report)).toContain("Not there: missing (could not be installed: offline)");
  const broken = { ...missing, ours: true };
  await expect(compareContenders(workload([broken]), "1", effort, () => 0)).rejects.toThrow("could not be installed");
});
