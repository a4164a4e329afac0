// Whole rows of floats: gathered from a table, or summed into one.
import { at } from "./simd";

/** Block r: y[r, ·] = table[indices_r, ·]. */
export function gatherRows(
  y: usize,
  table: usize,
  indices: usize,
  cols: i32,
  begin: i32,
  end: i32,
  _local: usize,
): void {
  const bytes = (<usize>cols) << 2;
  for (let r = begin; r < end; r++) {
    memory.copy(y + <usize>r * bytes, table + <usize>load<i32>(at(indices, r)) * bytes, bytes);
  }
}

/** Block t: table[t, ·] = Σ values[order_j, ·] for starts_t ≤ j < starts_{t+1}, added in that order. */
export function scatterAddRows(
  table: usize,
  values: usize,
  order: usize,
  starts: usize,
  cols: i32,
  begin: i32,
  end: i32,
  _local: usize,
): void {
  const bytes = (<usize>cols) << 2;
  for (let t = begin; t < end; t++) {
    const sum = table + <usize>t * bytes;
    memory.fill(sum, 0, bytes);
    const stop = load<i32>(at(starts, t + 1));
    for (let j = load<i32>(at(starts, t)); j < stop; j++) {
      addRow(sum, values + <usize>load<i32>(at(order, j)) * bytes, cols);
    }
  }
}

function addRow(sum: usize, row: usize, cols: i32): void {
  const end = at(sum, cols);
  for (; sum + 16 <= end; sum += 16, row += 16) v128.store(sum, f32x4.add(v128.load(sum), v128.load(row)));
  for (; sum < end; sum += 4, row += 4) store<f32>(sum, load<f32>(sum) + load<f32>(row));
}
