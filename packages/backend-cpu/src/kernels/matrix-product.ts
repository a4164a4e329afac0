import type { GemmParams } from "@surprisal/core";
import { MOST_ROW_COLS, MOST_TILE_ROWS, PACKED_PANELS, PANEL, TILE_COLS } from "./block-sizes.ts";
import { addressOf, grainFor, type KernelTable, type Located, type Phase, type Scratch } from "./phase.ts";

const PACKED_COLS = PACKED_PANELS * PANEL;

/** Columns of a block that computes rows, at least: B is read in pieces that long. */
const FEWEST_ROW_COLS = 64;

/** Rows of a block of tiles where there are few: 4 and 6 divide them; fewer rows make more blocks, for more threads. */
const FEW_ROWS = 24;
const MANY_FROM = 256;

/** From so many products on, and for as many rows as a tile has, packing B pays; else rows are computed one by one. */
const TILED_FROM = 2048;
const TILED_FROM_TRANSPOSED = 512;
const TILED_ROWS = 4;

/** Elements of B that are packed at a time, 16 MiB: a larger B goes through the same scratch in parts. */
const PACKED_AT_A_TIME = 2 ** 22;

/** A product of the contract's `gemm`, with a row that is added to every row of C. */
export interface Product extends GemmParams {
  readonly c: Located;
  readonly a: Located;
  readonly b: Located;
  readonly bias?: Located | undefined;
}

export const gemm: KernelTable["gemm"] = ({ c }, { a, b }, params, scratch, threads = 1) =>
  productPhases({ ...params, c, a, b }, scratch, threads);

/** The phases of C = op(A)·op(B) + bias, or C += op(A)·op(B) + bias. */
export function productPhases(product: Product, scratch: Scratch, threads: number): readonly Phase[] {
  const { a, b, bias, m, n, k, transA, transB } = product;
  if (n === 1 && m > 1) {
    // A column op(A)·b is the row bᵀ·op(A)ᵀ, and the two lie alike; so do b as k×1 and as 1×k.
    if (!bias)
      return productPhases({ ...product, m: 1, n: m, a: b, b: a, transA: false, transB: !transA }, scratch, threads);
    if (!transA) return [transposedPhase(product, threads)];
  }
  const byRows = m < TILED_ROWS || m * n * k < (transB ? TILED_FROM_TRANSPOSED : TILED_FROM);
  if (byRows && !transB) return [rowsPhase(product, threads)];
  if (byRows && (m === 1 || !transA)) return [transposedPhase(product, threads)];
  return tiledPhases(product, scratch);
}

/** How many columns a block has that computes whole rows; what it computes does not depend on that. */
export function rowCols(cols: number, threads: number): number {
  if (threads === 1) return MOST_ROW_COLS;
  const even = FEWEST_ROW_COLS * Math.ceil(cols / (FEWEST_ROW_COLS * 4 * threads));
  return Math.max(FEWEST_ROW_COLS, Math.min(MOST_ROW_COLS, even));
}

function rowsPhase({ c, a, b, bias, m, n, k, batch, transA, accumulate }: Product, threads: number): Phase {
  const group = rowCols(n, threads);
  const [aRow, aStep] = transA ? [1, m] : [k, 1];
  return {
    run: "multiplyRows",
    args: [c.address, a.address, b.address, addressOf(bias), m, n, k, aRow, aStep, addendOf(accumulate, c), group],
    blocks: batch * Math.ceil(n / group),
    grain: grainFor((m * k * Math.min(n, group)) / 4),
    rewrites: addsInPlace(accumulate, c),
  };
}

function transposedPhase({ c, a, b, bias, m, n, k, batch, accumulate }: Product, threads: number): Phase {
  const group = rowCols(n, threads);
  return {
    run: "multiplyTransposed",
    args: [c.address, a.address, b.address, addressOf(bias), m, n, k, addendOf(accumulate, c), group],
    blocks: batch * m * Math.ceil(n / group),
    grain: grainFor((k * Math.min(n, group)) / 4),
    rewrites: addsInPlace(accumulate, c),
  };
}

/** For each part of B, of whole items or of columns of one item: pack it, then multiply the tiles that it is for. */
function tiledPhases(product: Product, scratch: Scratch): readonly Phase[] {
  const { c, a, b, bias, m, n, k, batch, transA, transB, accumulate } = product;
  const width = Math.ceil(n / PANEL) * PANEL;
  const items = Math.max(1, Math.min(batch, Math.floor(PACKED_AT_A_TIME / (width * k))));
  const cols =
    width * k <= PACKED_AT_A_TIME
      ? n
      : Math.min(n, TILE_COLS * Math.max(1, Math.floor(PACKED_AT_A_TIME / (TILE_COLS * k))));
  const panels = scratch(4 * items * k * Math.ceil(cols / PANEL) * PANEL);
  const rowGroup = m < MANY_FROM ? FEW_ROWS : MOST_TILE_ROWS;

  const phases: Phase[] = [];
  for (let item = 0; item < batch; item += items) {
    const itemsHere = Math.min(items, batch - item);
    for (let column = 0; column < n; column += cols) {
      const colsHere = Math.min(cols, n - column);
      const source = b.address + 4 * (item * k * n + (transB ? column * k : column));
      phases.push(
        {
          run: "packPanels",
          args: [panels, source, k, colsHere, n, Number(transB)],
          blocks: itemsHere * Math.ceil(colsHere / PACKED_COLS),
          grain: grainFor(k * PACKED_COLS),
        },
        {
          run: "multiplyPanels",
          args: [
            c.address + 4 * (item * m * n + column),
            a.address + 4 * item * m * k,
            panels,
            bias ? bias.address + 4 * column : 0,
            m,
            colsHere,
            k,
            n,
            Number(transA),
            accumulate ? addendOf(accumulate, c) + 4 * (item * m * n + column) : 0,
            rowGroup,
          ],
          blocks: itemsHere * Math.ceil(m / rowGroup) * Math.ceil(colsHere / TILE_COLS),
          grain: grainFor((Math.min(m, rowGroup) * Math.min(colsHere, TILE_COLS) * k) / 16),
          rewrites: addsInPlace(accumulate, c),
        },
      );
    }
  }
  return phases;
}

/** Where the C stands that a product is added to: 0 if there is none. */
function addendOf(accumulate: boolean, c: Located): number {
  return accumulate ? (c.before ?? c.address) : 0;
}

function addsInPlace(accumulate: boolean, c: Located): boolean {
  return accumulate && addendOf(accumulate, c) === c.address;
}
