import { grainFor, type Phase } from "./phase.ts";

/** An axis of a box: how many coordinates, and how many elements apart they lie on both sides. */
export interface Axis {
  readonly length: number;
  readonly to: number;
  readonly from: number;
}

const ONE: Axis = { length: 1, to: 1, from: 1 };

/** Elements of a tile that is read and written in rows: long, so that copying a row pays. */
const RUN_TILE = 16_384;
/** Rows and elements of a tile that is read across. A transposed one must fit into local scratch: see `transposeTile`. */
const ACROSS_ROWS = 192;
const ACROSS_TILE = 64 * ACROSS_ROWS;

/**
 * A box moved between two addresses, as planes that the kernel cuts into tiles.
 * @param axes from the innermost to the outermost, at most 5, none of them empty
 */
export function moved(y: number, x: number, axes: readonly Axis[]): Phase {
  const merged = mergedAxes(axes);
  let cols = merged[0] ?? ONE;
  const across = cols.to !== 1 || (cols.from !== 1 && cols.from !== 0);
  // The rows of a transposition are those along which x is contiguous.
  const contiguous = across ? merged.findIndex(({ from }, i) => i > 0 && from === 1) : -1;
  const second = Math.max(1, contiguous);
  let rows = merged[second] ?? ONE;
  // A plane with a short side is moved element by element, along the longer one.
  if (across && rows.length > cols.length && (cols.length < 4 || contiguous === -1)) [rows, cols] = [cols, rows];
  const [n2 = ONE, n1 = ONE, n0 = ONE] = merged.length < 3 ? [] : merged.filter((_, i) => i > 0 && i !== second);

  const tileRows = across ? Math.min(rows.length, ACROSS_ROWS) : Math.max(1, Math.floor(RUN_TILE / cols.length));
  const tileCols = across ? Math.ceil(ACROSS_TILE / tileRows) : RUN_TILE;
  const tiles = Math.ceil(rows.length / tileRows) * Math.ceil(cols.length / tileCols);
  const plane = [rows.length, cols.length, tileRows, tileCols, rows.to, cols.to, rows.from, cols.from];
  const outer = [n1.length, n2.length, n0.to, n1.to, n2.to, n0.from, n1.from, n2.from];
  return {
    run: "moveBox",
    args: [y, x, ...plane, ...outer],
    blocks: tiles * n0.length * n1.length * n2.length,
    grain: grainFor(Math.min(rows.length, tileRows) * Math.min(cols.length, tileCols)),
  };
}

/** Without axes of length 1, and neighbours merged where both sides go on with the same stride. */
function mergedAxes(axes: readonly Axis[]): Axis[] {
  const merged: Axis[] = [];
  for (const { length, to, from } of axes) {
    if (length === 1) continue;
    const inner = merged[merged.length - 1];
    if (inner && to === inner.to * inner.length && from === inner.from * inner.length) {
      merged[merged.length - 1] = { length: inner.length * length, to: inner.to, from: inner.from };
    } else merged.push({ length, to, from });
  }
  return merged;
}
