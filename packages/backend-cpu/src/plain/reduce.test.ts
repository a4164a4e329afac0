import { describe, expect, it } from "vitest";
import { reduce } from "./reduce.ts";

const { NaN: nan } = Number;

describe("reduce", () => {
  it("folds the middle axis", () => {
    const x = Float32Array.of(1, -2, 3, 4, 5, -6, 0, 0, 7, 8, -9, 1);
    const y = new Float32Array(4);
    const fold = (fn: "sum" | "sumSquares" | "max" | "min" | "argmax") => {
      reduce({ y }, { x }, { fn, outer: 2, axis: 3, inner: 2 });
      return [...y];
    };
    expect(fold("sum")).toEqual([9, -4, -2, 9]);
    expect(fold("sumSquares")).toEqual([35, 56, 130, 65]);
    expect(fold("max")).toEqual([5, 4, 7, 8]);
    expect(fold("min")).toEqual([1, -6, -9, 0]);
    expect(fold("argmax")).toEqual([2, 1, 1, 1]);
  });

  it("gives the first index of a tie and of a NaN, and lets NaN win", () => {
    const x = Float32Array.of(1, 7, 7, nan, 9, nan, -Infinity, -Infinity, -Infinity);
    const y = new Float32Array(3);
    reduce({ y }, { x }, { fn: "argmax", outer: 3, axis: 3, inner: 1 });
    expect([...y]).toEqual([1, 0, 0]);
    for (const fn of ["max", "min"] as const) {
      reduce({ y }, { x: Float32Array.of(nan, 1, 2, 1, nan, 2, 1, 2, nan) }, { fn, outer: 3, axis: 3, inner: 1 });
      expect([...y]).toEqual([nan, nan, nan]);
    }
  });

  it("sums nothing to 0", () => {
    const y = Float32Array.of(nan, nan);
    reduce({ y }, { x: new Float32Array(0) }, { fn: "sum", outer: 2, axis: 0, inner: 1 });
    expect([...y]).toEqual([0, 0]);
  });

  it("sums runs of 64 inside blocks of 4096 along a contiguous axis and of 256 along any other", () => {
    // 2^53 swallows a single 1, but not the 2 that a run or a block of its own has gathered.
    for (const [inner, block] of [
      [1, 4096],
      [2, 256],
    ] as const) {
      const x = new Float64Array(2 * block * inner);
      const y = new Float64Array(inner);
      const sumWithOnesAt = (...rows: number[]) => {
        x.fill(0);
        x.set([2 ** 53], 0);
        for (const row of rows) x.set([1], row * inner);
        reduce({ y }, { x }, { fn: "sum", outer: 1, axis: 2 * block, inner });
        return y[0]! - 2 ** 53;
      };
      expect(sumWithOnesAt(62, 63), "in the first run, one after the other").toBe(0);
      expect(sumWithOnesAt(64, 65), "in a run of their own").toBe(2);
      expect(sumWithOnesAt(64, 128), "in two runs of the first block").toBe(0);
      expect(sumWithOnesAt(block, block + 64), "in two runs of a block of their own").toBe(2);
      if (inner === 1) expect(sumWithOnesAt(block, block + 256), "256 rows apart").toBe(2);
    }
  });
});
