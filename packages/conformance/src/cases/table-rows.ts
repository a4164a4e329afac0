import { type Case, type CaseContext, strictNonFinite } from "../case.ts";
import { gatherRows, scatterAddRows } from "../oracle/data-movement.ts";
import { caseGroup } from "./define.ts";

const gathering = caseGroup("kernel/gather-rows");
const scattering = caseGroup("kernel/scatter-add-rows");

async function gather(t: CaseContext, indices: readonly number[], tableRows: number, cols: number): Promise<void> {
  const table = t.generate(tableRows * cols, t.random().normal);
  const params = { rows: indices.length, cols, tableRows };
  const y = t.output(indices.length * cols);
  t.kernels.gatherRows({ y }, { table: t.float(table), indices: t.i32(indices) }, params);
  t.check(await t.read(y), gatherRows(table, indices, params), t.judge("exact"), "y");
}

/** The rows in the order of their index (stable) and where each index begins, as core hands them over. */
function sorted(indices: readonly number[], tableRows: number): { order: number[]; starts: number[] } {
  const order = indices.map((_, row) => row).sort((a, b) => indices[a]! - indices[b]! || a - b);
  const starts = Array.from({ length: tableRows + 1 }, (_, t) => indices.filter((index) => index < t).length);
  return { order, starts };
}

async function scatter(
  t: CaseContext,
  indices: readonly number[],
  tableRows: number,
  cols: number,
  values: ArrayLike<number> = t.generate(indices.length * cols, t.random().normal),
): Promise<void> {
  const params = { rows: indices.length, cols, tableRows };
  const { order, starts } = sorted(indices, tableRows);
  const table = t.output(tableRows * cols);
  t.kernels.scatterAddRows({ table }, { values: t.float(values), order: t.i32(order), starts: t.i32(starts) }, params);
  t.check(await t.read(table), scatterAddRows(values, indices, params), t.judge("sum"), "table");
}

const many = (length: number, below: number): number[] => Array.from({ length }, (_, i) => (i * i + 3 * i) % below);

/** Rows of a table by index, and their sums by index. */
export const tableRowCases: readonly Case[] = [
  gathering.quick("rows", (t) => gather(t, many(33, 7), 7, 10)),
  gathering.quick("first-last-and-repeated", (t) => gather(t, [6, 0, 6, 6, 0, 3], 7, 10)),
  gathering.quick("one-column", (t) => gather(t, many(33, 7), 7, 1)),
  gathering.quick("large-indices", (t) => gather(t, [4999, 0, 4998, 257, 4096], 5000, 3)),
  gathering.quick("nothing", (t) => gather(t, [], 7, 10)),
  gathering.quick(
    "other-rows-may-be-nan",
    async (t) => {
      const table = t.generate(70, (i) => (i < 30 ? Number.NaN : i));
      const y = t.output(20);
      t.kernels.gatherRows(
        { y },
        { table: t.float(table), indices: t.i32([5, 3]) },
        { rows: 2, cols: 10, tableRows: 7 },
      );
      t.check(await t.read(y), [...table.slice(50, 60), ...table.slice(30, 40)], t.judge("exact"), "y");
    },
    strictNonFinite,
  ),
  scattering.quick("rows", (t) => scatter(t, many(33, 7), 7, 10)),
  scattering.quick("empty-rows-are-zero", (t) => scatter(t, [5, 5, 1], 7, 10)),
  scattering.quick("all-into-one-row", (t) => scatter(t, Array(600).fill(2), 7, 3)),
  scattering.quick("more-rows-than-a-block", (t) => scatter(t, many(600, 7), 7, 3)),
  scattering.quick("nothing", (t) => scatter(t, [], 7, 10)),
  scattering.quick("in-the-order-that-is-given", async (t) => {
    // The terms cancel so hard that their order decides the result; where they are stored must not.
    const sequence = [1, 2 ** 60, -(2 ** 60), 3, -(2 ** 60), 5, 2 ** 60, 7];
    const results: number[] = [];
    for (const step of [1, 3, 5, 7]) {
      const order = sequence.map((_, j) => (j * step) % sequence.length);
      const values = new Float64Array(sequence.length);
      for (const [j, row] of order.entries()) values[row] = sequence[j]!;
      const inputs = { values: t.float(values), order: t.i32(order), starts: t.i32([0, sequence.length]) };
      const table = t.output(1);
      t.kernels.scatterAddRows({ table }, inputs, { rows: sequence.length, cols: 1, tableRows: 1 });
      results.push((await t.read(table))[0]!);
    }
    t.same(results, Array(4).fill(results[0]), "the same terms in the same order, stored in four ways");
  }),
  scattering.quick("order-chooses-the-rows", async (t) => {
    // starts may leave values out: only order[starts_t … starts_{t+1} − 1] counts.
    const values = t.numbers([1, 2, 4, 8, 16, 32]);
    const table = t.output(3);
    const inputs = { values: t.float(values), order: t.i32([5, 0, 3, 1, 2, 4]), starts: t.i32([1, 3, 3, 6]) };
    t.kernels.scatterAddRows({ table }, inputs, { rows: 6, cols: 1, tableRows: 3 });
    t.check(await t.read(table), [9, 0, 22], t.judge("exact"), "table");
  }),
];
