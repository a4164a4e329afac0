import { gather, scatterAdd } from "@surprisal/core/ops";
import { gatherRows, scatterAddRows } from "../../oracle/data-movement.ts";
import { type ExpectedArray, type NdArray, sizeOf } from "../../oracle/nd-array.ts";
import { type CasesByOp, exact, opCases } from "./op-case.ts";

const rowsOf =
  (indices: readonly number[], shape: readonly number[]) =>
  (table: NdArray): ExpectedArray => {
    const cols = sizeOf(table.shape.slice(1));
    const params = { rows: indices.length, cols, tableRows: table.shape[0]! };
    return { shape, values: gatherRows(table.data, indices, params) };
  };

const summedInto =
  (indices: readonly number[], shape: readonly number[]) =>
  (values: NdArray): ExpectedArray => {
    const params = { rows: indices.length, cols: sizeOf(shape.slice(1)), tableRows: shape[0]! };
    return { shape, ...scatterAddRows(values.data, indices, params) };
  };

/** Rows by index, and back. */
export const rowCases: CasesByOp<"gather" | "scatterAdd"> = {
  gather: opCases(
    "gather",
    exact({
      rows: { shapes: [[5, 3]], apply: (x) => gather(x!, [4, 0, 4, 2]), expected: rowsOf([4, 0, 4, 2], [4, 3]) },
      "in-a-shape": {
        shapes: [[5, 3]],
        apply: (x) =>
          gather(x!, [
            [1, 2],
            [3, 1],
          ]),
        expected: rowsOf([1, 2, 3, 1], [2, 2, 3]),
      },
      "one-row": { shapes: [[5, 3]], apply: (x) => gather(x!, 3), expected: rowsOf([3], [3]) },
      "of-a-vector": { shapes: [[5]], apply: (x) => gather(x!, [4, 1]), expected: rowsOf([4, 1], [2]) },
      "no-indices": { shapes: [[5, 3]], apply: (x) => gather(x!, []), expected: rowsOf([], [0, 3]) },
    }),
  ),
  scatterAdd: opCases("scatterAdd", {
    "rows-that-meet": {
      shapes: [[6, 3]],
      apply: (x) => scatterAdd(x!, [4, 0, 4, 2, 4, 0], 5),
      expected: summedInto([4, 0, 4, 2, 4, 0], [5, 3]),
      quantity: "sum",
    },
    "in-a-shape": {
      shapes: [[2, 2, 3]],
      apply: (x) =>
        scatterAdd(
          x!,
          [
            [1, 2],
            [2, 1],
          ],
          4,
        ),
      expected: summedInto([1, 2, 2, 1], [4, 3]),
      quantity: "sum",
    },
    "of-numbers": {
      shapes: [[4]],
      apply: (x) => scatterAdd(x!, [1, 1, 0, 1], 2),
      expected: summedInto([1, 1, 0, 1], [2]),
      quantity: "sum",
    },
    nothing: {
      shapes: [[0, 3]],
      apply: (x) => scatterAdd(x!, [], 2),
      expected: summedInto([], [2, 3]),
      quantity: "exact",
    },
  }),
};
