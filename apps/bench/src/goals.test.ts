import { expect, test } from "vitest";
import type { ShapeReport } from "./compare-contenders.ts";
import { goalsTable, verdict } from "./goals.ts";
import { spread } from "./statistics.ts";

const at = (shape: string, median: number) => ({ shape, median });

test("a goal is judged at its worst shape", () => {
  const goal = { bound: "at least", must: 20, aim: 25 } as const;
  expect(verdict([at("1x2", 26), at("3x4", 30)], goal)).toBe("aim met");
  expect(verdict([at("1x2", 21), at("3x4", 30)], goal)).toBe("met");
  expect(verdict([at("1x2", 30), at("3x4", 19)], goal)).toBe("met within the noise: short by 5 % at 3 × 4");
  expect(verdict([at("1x2", 30), at("3x4", 5)], goal)).toBe("missed by 75 % at 3 × 4");
  expect(verdict([], goal)).toBe("not measured");
});

test("an upper bound is exceeded at its largest value, and what is no time has no noise", () => {
  expect(verdict([at("1x2", 1.4), at("3x4", 2.7)], { bound: "at most", must: 1.8 })).toBe("missed by 50 % at 3 × 4");
  expect(verdict([at("", 16.8)], { bound: "at most", must: 16, slack: 0 })).toBe("missed by 5 %");
});

test("every column has a title", () => {
  const [titles] = goalsTable({ shapes: [] }).split("\n");
  const columns = titles!.split("|").slice(1, -1);
  expect(columns.filter((title) => title.trim() === "")).toEqual([]);
});

test("ratios come from the results by name, and a wrong answer has none", () => {
  const result = (name: string, ratio: number | undefined, least: number) => ({
    name,
    library: "",
    ours: name.startsWith("surprisal"),
    says: "",
    device: "",
    errors: { measured: {} },
    time: { ...spread([1]), least },
    rounds: 1,
    rate: { unit: "", value: 1 },
    multipleOf: ratio === undefined ? {} : { "surprisal relaxed": spread([ratio]) },
  });
  const shape = (peer: number | undefined): ShapeReport => ({
    workload: "training",
    shape: "1x2",
    rounds: 1,
    load: [0, 0],
    results: [result("surprisal relaxed", undefined, 2), result("PyTorch", peer, 3)],
    absent: [],
  });
  const line = (peer: number | undefined) =>
    goalsTable({ shapes: [shape(peer)] })
      .split("\n")
      .find((row) => row.startsWith("| training: PyTorch"))!
      .split("|")
      .map((cell) => cell.trim())
      .slice(2, 7);
  expect(line(1.25)).toEqual(["≥ 0.9×", "≥ 1.1×", "1.25", "1.50", "aim met"]);
  expect(line(undefined)).toEqual(["≥ 0.9×", "≥ 1.1×", "–", "–", "not measured"]);
});
