import { describe, expect, it } from "vitest";
import { gatherRows, scatterAddRows } from "./rows.ts";

describe("rows", () => {
  it("gathers rows of a table", () => {
    const y = new Float32Array(6);
    const inputs = { table: Float32Array.of(1, 2, 3, 4), indices: Int32Array.of(1, 0, 1) };
    gatherRows({ y }, inputs, { rows: 3, cols: 2, tableRows: 2 });
    expect([...y]).toEqual([3, 4, 1, 2, 3, 4]);
  });

  it("adds rows to the places that they were gathered from, and zeros elsewhere", () => {
    const table = new Float32Array(6).fill(Number.NaN);
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    // The indices were 2, 0, 2.
    const inputs = { values, order: Int32Array.of(1, 0, 2), starts: Int32Array.of(0, 1, 1, 3) };
    scatterAddRows({ table }, inputs, { rows: 3, cols: 2, tableRows: 3 });
    expect([...table]).toEqual([3, 4, 0, 0, 6, 8]);
  });
});
