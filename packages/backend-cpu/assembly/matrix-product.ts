// C = op(A)·B by tiles of 6 or 4 rows × 8 columns, B lying in panels of 8 columns.
import { MOST_TILE_ROWS, PANEL, TILE_COLS } from "../src/kernels/block-sizes";
import { addToTotals, RUN, roundTotals, writeRow } from "./matrix-product-sums";
import { multiplyFourRows, multiplySixRows, TALL } from "./matrix-product-tile";
import { at } from "./simd";

/**
 * Runs of so many terms are added up in f32, 22 of them; a longer sum is made of parts that are added up in f64. What the columns
 * of a block take of B for DEPTH stays in the second-level cache while the block's rows pass.
 */
const DEPTH = 1024;

// The local scratch: the rows of a tile for DEPTH, a tile, and all totals of a block.
const ROWS_BYTES = DEPTH * TALL * 4;
const TILE = TALL * PANEL;
const TILE_BYTES = TILE * 4;
const TOTALS_BYTES = MOST_TILE_ROWS * TILE_COLS * 8;

/**
 * Block (item, column group, row group): `rowGroup` ≤ 48 rows × 64 columns of C[item], m × n in rows of `stored`.
 * A is m×k, or k×m with `transposed`. `panels` is of packPanels; `bias` [n] or 0; `addend`, laid out as C, or 0; see writeRow.
 */
export function multiplyPanels(
  c: usize,
  a: usize,
  panels: usize,
  bias: usize,
  m: i32,
  n: i32,
  k: i32,
  stored: i32,
  transposed: i32,
  addend: usize,
  rowGroup: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const rowGroups = (m + rowGroup - 1) / rowGroup;
  const colGroups = (n + TILE_COLS - 1) / TILE_COLS;
  const shift = addend - c;
  const perItem = <usize>((n + PANEL - 1) / PANEL) * <usize>k * PANEL;
  for (let block = begin; block < end; block++) {
    const group = block / rowGroups;
    const item = <usize>(group / colGroups);
    const firstRow = (block % rowGroups) * rowGroup;
    const firstCol = (group % colGroups) * TILE_COLS;
    multiplyBlock(
      at(c + ((item * <usize>m * <usize>stored) << 2), firstCol),
      a + ((item * <usize>m * <usize>k) << 2),
      panels + ((item * perItem + <usize>firstCol * <usize>k) << 2),
      bias ? at(bias, firstCol) : 0,
      m,
      firstRow,
      min(firstRow + rowGroup, m),
      min(TILE_COLS, n - firstCol),
      k,
      (<usize>stored) << 2,
      transposed,
      addend != 0,
      shift,
      local,
    );
  }
}

/** A block: for each part of k, for each few rows, all tiles across. What C is added to lies `shift` bytes behind it. */
function multiplyBlock(
  c: usize,
  a: usize,
  panels: usize,
  bias: usize,
  m: i32,
  firstRow: i32,
  endRow: i32,
  cols: i32,
  k: i32,
  cRow: usize,
  transposed: i32,
  accumulate: bool,
  shift: usize,
  local: usize,
): void {
  const tile = local + ROWS_BYTES;
  const firstTotals = tile + TILE_BYTES;
  // Equal parts: a short last one would have tiles that are over before they have begun.
  const parts = max(1, (k + DEPTH - 1) / DEPTH);
  const depth = (k + parts - 1) / parts;
  if (parts > 1) memory.fill(firstTotals, 0, TOTALS_BYTES);

  for (let part = 0; part < parts; part++) {
    const from = part * depth;
    const to = min(from + depth, k);
    let totals = firstTotals;
    for (let i = firstRow, rows = 0; i < endRow; i += rows) {
      rows = tileRows(endRow - i);
      const whole = rows == 4 || rows == TALL;
      let row = transposed ? 4 : (<usize>k) << 2;
      let step = transposed ? (<usize>m) << 2 : 4;
      let left = a + <usize>i * row + <usize>from * step;
      if (transposed || !whole) {
        packRows(local, left, row, step, rows, to - from);
        left = local;
        row = 4;
        step = TALL * 4;
      }
      for (let j = 0; j < cols; j += PANEL, totals += TILE * 8) {
        const width = min(PANEL, cols - j);
        const target = at(c, j) + <usize>i * cRow;
        const direct = parts == 1 && !bias && !accumulate && whole && width == PANEL;
        const out = direct ? target : tile;
        const panel = panels + ((<usize>j * <usize>k + <usize>from * PANEL) << 2);
        multiplyTile(out, direct ? cRow : PANEL * 4, left, row, step, rows > 4, panel, to - from);
        if (direct) continue;
        if (parts > 1) {
          addToTotals(totals, tile, TILE);
          if (part + 1 < parts) continue;
          roundTotals(tile, totals, TILE);
        }
        for (let r = 0; r < rows; r++) {
          const to = target + <usize>r * cRow;
          const addend = accumulate ? to + shift : 0;
          writeRow(to, tile + <usize>r * (PANEL * 4), bias ? at(bias, j) : 0, width, addend);
        }
      }
    }
  }
}

/** How many of the rows left the next tile takes: tiles of four where they leave fewer rows empty. */
// @ts-ignore: decorator
@inline
function tileRows(left: i32): i32 {
  return RELAXED && left > 4 && left != 7 && left != 8 ? min(left, TALL) : min(left, 4);
}

/** out = Σ_{p < k} a·b of a tile, run by run. */
// @ts-ignore: decorator
@inline
function multiplyTile(
  out: usize,
  outRow: usize,
  a: usize,
  row: usize,
  step: usize,
  tall: bool,
  b: usize,
  k: i32,
): void {
  let p = 0;
  do {
    const run = min(RUN, k - p);
    if (RELAXED && tall) multiplySixRows(out, outRow, a, row, step, b, run, p > 0);
    else multiplyFourRows(out, outRow, a, row, step, b, run, p > 0);
    a += RUN * step;
    b += RUN * PANEL * 4;
    p += RUN;
  } while (p < k);
}

/** The rows of a tile side by side, and zeros for those that it lacks. */
function packRows(to: usize, from: usize, row: usize, step: usize, rows: i32, depth: i32): void {
  const end = to + <usize>depth * (TALL * 4);
  if (row == 4 && (rows == 4 || rows == TALL)) {
    for (; to < end; to += TALL * 4, from += step) {
      v128.store(to, v128.load(from));
      if (rows == 6) store<u64>(to, load<u64>(from, 16), 16);
    }
  } else {
    for (; to < end; to += TALL * 4, from += step) {
      for (let r = 0; r < TALL; r++) store<f32>(at(to, r), r < rows ? load<f32>(from + <usize>r * row) : 0);
    }
  }
}
