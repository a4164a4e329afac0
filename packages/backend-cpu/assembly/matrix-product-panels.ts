// Panels: a matrix of depth × width, cut into strips of 8 columns and laid out as the tiles of a product read them.
import { PACKED_PANELS, PANEL } from "../src/kernels/block-sizes";
import { at } from "./simd";
import { moveElements, transpose } from "./transpose";

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
    moveElements(to, from, depth, cols, PANEL, 1, <i32>(row >> 2), 1);
  }
}

// @ts-ignore: decorator
@inline
function packRow(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}

/** A panel from rows of the source that are its columns. */
function packRows(to: usize, from: usize, depth: i32, cols: i32): void {
  if (cols < PANEL) memory.fill(to, 0, <usize>depth * (PANEL * 4));
  transpose(to, from, depth, cols, PANEL, depth);
}
