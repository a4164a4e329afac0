// Panels: a matrix of depth × width, cut into strips of 8 columns and laid out as the tiles of a product read them.
import { PACKED_PANELS, PANEL } from "../src/kernels/block-sizes";
import { at } from "./simd";

/**
 * Block (item, 4 panels): panels[item, panel, p, j] = source[item, p, 8·panel + j], 0 where that is beyond `width`. Of the
 * `width` columns, the source has `stored` in a row; with `transposed` it is stored [item, column, p] instead.
 */
export function packPanels(
  panels: usize,
  source: usize,
  depth: i32,
  width: i32,
  stored: i32,
  transposed: i32,
  begin: i32,
  end: i32,
  _local: usize,
): void {
  const perItem = (width + PANEL - 1) / PANEL;
  const groups = (perItem + PACKED_PANELS - 1) / PACKED_PANELS;
  const bytes = <usize>depth * (PANEL * 4);
  for (let block = begin; block < end; block++) {
    const item = <usize>(block / groups);
    const from = source + ((item * <usize>depth * <usize>stored) << 2);
    const to = panels + item * <usize>perItem * bytes;
    let panel = (block % groups) * PACKED_PANELS;
    const last = min(panel + PACKED_PANELS, perItem);
    if (!transposed && (panel + PACKED_PANELS) * PANEL <= width) {
      packFourPanels(to + <usize>panel * bytes, at(from, panel * PANEL), depth, (<usize>stored) << 2);
      continue;
    }
    for (; panel < last; panel++) {
      const column = panel * PANEL;
      const cols = min(PANEL, width - column);
      const target = to + <usize>panel * bytes;
      if (transposed) packRows(target, from + ((<usize>column * <usize>depth) << 2), depth, cols);
      else packColumns(target, at(from, column), depth, cols, (<usize>stored) << 2);
    }
  }
}

/** Four panels from rows of the source that hold their 32 columns side by side. */
function packFourPanels(to: usize, from: usize, depth: i32, row: usize): void {
  const bytes = <usize>depth * (PANEL * 4);
  const end = to + bytes;
  let to1 = to + bytes;
  let to2 = to1 + bytes;
  let to3 = to2 + bytes;
  while (to < end) {
    packRow(to, from);
    packRow(to1, from + 32);
    packRow(to2, from + 64);
    packRow(to3, from + 96);
    to += PANEL * 4;
    to1 += PANEL * 4;
    to2 += PANEL * 4;
    to3 += PANEL * 4;
    from += row;
  }
}

/** A panel from rows of the source that hold its columns side by side. */
function packColumns(to: usize, from: usize, depth: i32, cols: i32, row: usize): void {
  const end = to + <usize>depth * (PANEL * 4);
  if (cols == PANEL) {
    for (; to < end; to += PANEL * 4, from += row) packRow(to, from);
  } else {
    memory.fill(to, 0, end - to);
    for (; to < end; to += PANEL * 4, from += row) {
      for (let j = 0; j < cols; j++) store<f32>(at(to, j), load<f32>(at(from, j)));
    }
  }
}

// @ts-ignore: decorator
@inline
function packRow(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}

/** A panel from rows of the source that are its columns: two transposes of 4×4 for every 4 of the depth. */
function packRows(to: usize, from: usize, depth: i32, cols: i32): void {
  const row = (<usize>depth) << 2;
  let p = 0;
  if (cols == PANEL) {
    for (; p + 4 <= depth; p += 4) {
      transpose(at(to, p * PANEL), at(from, p), row);
      transpose(at(to, p * PANEL + 4), at(from, p) + 4 * row, row);
    }
  }
  for (; p < depth; p++) {
    const line = at(to, p * PANEL);
    for (let j = 0; j < PANEL; j++) {
      store<f32>(at(line, j), j < cols ? load<f32>(at(from, p) + <usize>j * row) : 0);
    }
  }
}

/** Four floats of four rows of the source, as four floats of four rows of a panel. */
// @ts-ignore: decorator
@inline
function transpose(to: usize, from: usize, row: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + row);
  const c = v128.load(from + 2 * row);
  const d = v128.load(from + 3 * row);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), PANEL * 4);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), 2 * PANEL * 4);
  v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), 3 * PANEL * 4);
}
