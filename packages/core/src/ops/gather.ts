import { LabelError, ShapeError } from "../errors.ts";
import type { Integers } from "../integers.ts";
import { integers } from "../integers.ts";
import { record } from "../recording.ts";
import { type Shape, sameShape, show, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply, runtimeOf, uploadIntegers, withTemporaries } from "./apply.ts";

/**
 * Rows of a table by index: y[i…, ·] = table[indices[i…], ·]; an embedding lookup (`tf.gather`, `tf.nn.embedding_lookup`,
 * `torch.nn.functional.embedding`). Indices are host data: an integer array or nested arrays, whose shape comes first in y.
 *
 * ∂table = scatterAdd(g, indices).
 * @throws LabelError if an index is no integer or outside [0, rows of the table)
 */
export function gather(table: Tensor, indices: Integers): Tensor {
  runtimeOf("gather", [table]);
  if (table.rank === 0) throw new ShapeError("gather: the table is a scalar; it needs at least one axis of rows");
  return gatherChecked(table, checkedIndices("gather", indices, table.shape[0]!));
}

/**
 * Sums rows into a table: table[t, ·] = Σ values[i, ·] over indices_i = t; the derivative of {@link gather}, and a
 * segment sum. Each row of the table is summed in the order of `indices`: the same bits every time.
 *
 * ∂values = gather(g, indices).
 */
export function scatterAdd(values: Tensor, indices: Integers, tableRows: number): Tensor {
  runtimeOf("scatterAdd", [values]);
  if (!Number.isSafeInteger(tableRows) || tableRows < 0) {
    throw new ShapeError(`scatterAdd: the table has a whole number of rows ≥ 0, not ${tableRows}`);
  }
  const checked = checkedIndices("scatterAdd", indices, tableRows);
  if (!sameShape(values.shape.slice(0, checked.shape.length), checked.shape)) {
    throw new ShapeError(
      `scatterAdd: values ${show(values.shape)} do not begin with the shape of the indices ${show(checked.shape)}`,
    );
  }
  return scatterAddChecked(values, checked, tableRows);
}

interface Indices {
  readonly data: Int32Array;
  readonly shape: Shape;
}

/** Positions that every backend can hold exactly, also as float32. */
const MAX_INDEX = 2 ** 24;

function checkedIndices(op: string, indices: Integers, rows: number): Indices {
  const { data, shape } = integers(op, "index", indices, rows);
  if (rows > MAX_INDEX || data.length > MAX_INDEX) {
    throw new ShapeError(
      `${op}: a table of ${rows} rows under ${data.length} indices is more than ${MAX_INDEX}; split it`,
    );
  }
  const checked = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const index = data[i]!;
    if (!(index >= 0 && index < rows)) {
      throw new LabelError(
        `${op}: index ${index} at position ${i} is outside the table's ${rows} rows`,
        i,
        index,
        rows,
      );
    }
    checked[i] = index;
  }
  return { data: checked, shape };
}

function gatherChecked(table: Tensor, indices: Indices): Tensor {
  const [tableRows, ...row] = table.shape;
  const params = { rows: indices.data.length, cols: sizeOf(row), tableRows: tableRows! };
  const y = withTemporaries((temporary) =>
    apply({
      op: "gather",
      inputs: [table, temporary(uploadIntegers("gather", table.region, indices.data))],
      shape: [...indices.shape, ...row],
      run: (out, [t, i], kernels) => kernels.gatherRows({ y: out }, { table: t, indices: i }, params),
    }),
  );
  return record([table], y, (g) => [() => scatterAddChecked(g, indices, tableRows!)]);
}

function scatterAddChecked(values: Tensor, indices: Indices, tableRows: number): Tensor {
  const row = values.shape.slice(indices.shape.length);
  const params = { rows: indices.data.length, cols: sizeOf(row), tableRows };
  const { order, starts } = sortedRows(indices.data, tableRows);
  const table = withTemporaries((temporary) =>
    apply({
      op: "scatterAdd",
      inputs: [values, ...[order, starts].map((data) => temporary(uploadIntegers("scatterAdd", values.region, data)))],
      shape: [tableRows, ...row],
      run: (out, [v, o, s], kernels) =>
        kernels.scatterAddRows({ table: out }, { values: v, order: o, starts: s }, params),
    }),
  );
  return record([values], table, (g) => [() => gatherChecked(g, indices)]);
}

/** A stable counting sort: positions of the indices by table row, and where each row's positions begin. */
function sortedRows(indices: Int32Array, tableRows: number): { order: Int32Array; starts: Int32Array } {
  const starts = new Int32Array(tableRows + 1);
  for (const index of indices) starts[index + 1]!++;
  for (let t = 0; t < tableRows; t++) starts[t + 1]! += starts[t]!;
  const next = starts.slice();
  const order = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) order[next[indices[i]!]!++] = i;
  return { order, starts };
}
