import { expect, it } from "vitest";
import { describeVariants, type Lab, lab, orders } from "../../testing/kernel-lab.ts";
import { gatherRows, scatterAddRows } from "./rows.ts";

/** Numbers from −1 to 1, the same every time (Park & Miller 1988). */
function randomNumbers(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 1_073_741_823.5 - 1;
  };
}

/** Rows in the order of their index (stable), and where each index begins. */
function sorted(indices: readonly number[], tableRows: number): { order: number[]; starts: number[] } {
  const order = indices.map((_, row) => row).sort((a, b) => indices[a]! - indices[b]! || a - b);
  const starts = Array.from({ length: tableRows + 1 }, (_, t) => indices.filter((index) => index < t).length);
  return { order, starts };
}

function scattered(
  wasm: Lab,
  values: ArrayLike<number>,
  indices: readonly number[],
  cols: number,
  tableRows: number,
): Float32Array[] {
  const { order, starts } = sorted(indices, tableRows);
  const inputs = { values: wasm.floats(values), order: wasm.integers(order), starts: wasm.integers(starts) };
  return orders.map((blocks) => {
    const table = wasm.room(tableRows * cols);
    wasm.run(scatterAddRows, { table }, inputs, { rows: indices.length, cols, tableRows }, blocks);
    return wasm.read(table);
  });
}

const columns = [0, 1, 2, 3, 4, 5, 15, 16, 17, 37, 64, 65, 200];

describeVariants("rows", (variant) => {
  it.each(columns)("gathers rows of %i columns", async (cols) => {
    const wasm = await lab(variant);
    const indices = [6, 0, 6, 6, 3, 1, 0];
    const table = Float32Array.from({ length: 7 * cols }, (_, i) => i);
    const inputs = { table: wasm.floats(table), indices: wasm.integers(indices) };
    for (const order of orders) {
      const y = wasm.room(7 * cols);
      wasm.run(gatherRows, { y }, inputs, { rows: 7, cols, tableRows: 7 }, order);
      const rows = indices.map((index) => [...table.subarray(index * cols, (index + 1) * cols)]);
      expect([...wasm.read(y)]).toEqual(rows.flat());
    }
  });

  it.each(columns)("adds rows of %i columns: none, one, two, a run and more to a row", async (cols) => {
    const wasm = await lab(variant);
    const counts = [0, 1, 2, 8, 9, 100, 0];
    const indices = counts.flatMap((count, t) => Array<number>(count).fill(t)).reverse();
    const values = Float32Array.from({ length: indices.length * cols }, randomNumbers());
    const [atOnce, reversed] = scattered(wasm, values, indices, cols, counts.length);
    expect(reversed).toEqual(atOnce);
    const sums = new Float64Array(counts.length * cols);
    const scales = new Float64Array(counts.length * cols);
    for (const [row, t] of indices.entries()) {
      for (let c = 0; c < cols; c++) {
        sums[t * cols + c]! += values[row * cols + c]!;
        scales[t * cols + c]! += Math.abs(values[row * cols + c]!);
      }
    }
    // The kit's tolerance for sums: 1 ulp and 1e-6 of Σ|x|.
    for (const [i, sum] of sums.entries()) {
      expect(Math.abs(atOnce![i]! - sum)).toBeLessThanOrEqual(2 ** -23 * Math.abs(sum) + 1e-6 * scales[i]!);
    }
  });

  it.each([1, 4, 16])("keeps the precision of long sums in %i columns", async (cols) => {
    const wasm = await lab(variant);
    const rows = 100_000;
    const [sums] = scattered(wasm, new Float32Array(rows * cols).fill(0.1), Array(rows).fill(0), cols, 1);
    for (const sum of sums!) expect(Math.abs(sum / (rows * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
  });

  it("adds in the order that is given", async () => {
    const wasm = await lab(variant);
    // The terms cancel so hard that their order decides the result; where they are stored must not.
    const sequence = [1, 2 ** 30, -(2 ** 30), 3, -(2 ** 30), 5, 2 ** 30, 7, 2 ** 40, 1, -(2 ** 40)];
    const results = [1, 3, 5, 7].map((step) => {
      const order = sequence.map((_, j) => (j * step) % sequence.length);
      const values = new Float32Array(sequence.length);
      for (const [j, row] of order.entries()) values[row] = sequence[j]!;
      const table = wasm.room(1);
      const starts = wasm.integers([0, sequence.length]);
      const inputs = { values: wasm.floats(values), order: wasm.integers(order), starts };
      wasm.run(scatterAddRows, { table }, inputs, { rows: sequence.length, cols: 1, tableRows: 1 });
      return wasm.read(table)[0];
    });
    expect(new Set(results).size).toBe(1);
  });
});
