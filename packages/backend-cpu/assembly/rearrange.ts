// Elements moved from one strided box to another, tile by tile. Strides are in elements and may be negative or 0.
import { copyRun, repeatRun } from "./copy-run";
import { at } from "./simd";
import { moveElements, transpose } from "./transpose";

/**
 * y[d0, d1, d2, row, col] = x[d0, d1, d2, row, col], each with its own strides: (·0, ·1, ·2, ·Row, ·Col).
 * Block: one tile of at most tileRows × tileCols elements. The tiles of a plane [d0, d1, d2] follow each other row by row, the
 * planes in the order of their indices, of which d1 < n1 and d2 < n2.
 */
export function moveBox(
  y: usize,
  x: usize,
  rows: i32,
  cols: i32,
  tileRows: i32,
  tileCols: i32,
  yRow: i32,
  yCol: i32,
  xRow: i32,
  xCol: i32,
  n1: i32,
  n2: i32,
  y0: i32,
  y1: i32,
  y2: i32,
  x0: i32,
  x1: i32,
  x2: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const across = (cols - 1) / tileCols + 1;
  const down = (rows - 1) / tileRows + 1;
  for (let block = begin; block < end; block++) {
    let rest = block / across;
    const col = (block - rest * across) * tileCols;
    const tile = rest;
    rest /= down;
    const row = (tile - rest * down) * tileRows;
    const d2 = rest % n2;
    rest /= n2;
    const d1 = rest % n1;
    const d0 = rest / n1;
    const to = at(y, d0 * y0 + d1 * y1 + d2 * y2 + row * yRow + col * yCol);
    const from = at(x, d0 * x0 + d1 * x1 + d2 * x2 + row * xRow + col * xCol);
    const m = min(rows - row, tileRows);
    const n = min(cols - col, tileCols);
    if (yCol == 1 && xCol == 1) moveRows(to, from, m, n, yRow, xRow);
    else if (yCol == 1 && xCol == 0) repeatRows(to, from, m, n, yRow, xRow);
    else if (yCol == 1 && xRow == 1) transposeTile(local, to, from, m, n, yRow, xCol);
    else moveElements(to, from, m, n, yRow, yCol, xRow, xCol);
  }
}

/** Rows that are contiguous on both sides. */
function moveRows(to: usize, from: usize, rows: i32, cols: i32, toRow: i32, fromRow: i32): void {
  for (; rows > 0; rows--, to = at(to, toRow), from = at(from, fromRow)) copyRun(to, from, cols);
}

/** Rows of one element each, repeated. */
function repeatRows(to: usize, from: usize, rows: i32, cols: i32, toRow: i32, fromRow: i32): void {
  for (; rows > 0; rows--, to = at(to, toRow), from = at(from, fromRow)) repeatRun(to, from, cols);
}

/**
 * to[r, c] = from[c, r]. Where rows of `to` lie a multiple of 1 KiB apart they share few places in the cache and would drive
 * each other out: the tile is then made in `local`, and copied from there row by row.
 */
function transposeTile(local: usize, to: usize, from: usize, rows: i32, cols: i32, toRow: i32, fromRow: i32): void {
  if ((toRow & 255) != 0) transpose(to, from, rows, cols, toRow, fromRow);
  else {
    const localRow = cols + 4;
    transpose(local, from, rows, cols, localRow, fromRow);
    moveRows(to, local, rows, cols, toRow, localRow);
  }
}
