import type { ReduceParams } from "@surprisal/core";
import { COLUMN_GROUP, COLUMN_PIECE, MERGED, PIECE_BYTES, ROW_PIECE } from "./block-sizes.ts";
import { reduceCodes } from "./function-codes.ts";
import type { WasmFunction } from "./functions.generated.ts";
import { grainFor, type KernelTable, type Located, type Phase, type Scratch } from "./phase.ts";

export const reduce: KernelTable["reduce"] = ({ y }, { x }, params, scratch) => {
  if (params.outer * params.inner === 0) return [];
  return params.inner === 1 ? alongRows(y, x, params, scratch) : alongColumns(y, x, params, scratch);
};

function alongRows(y: Located, x: Located, { fn, outer, axis }: ReduceParams, scratch: Scratch): readonly Phase[] {
  const pieces = Math.max(1, Math.ceil(axis / ROW_PIECE));
  const partials = pieces > 1 ? scratch(outer * pieces * PIECE_BYTES) : 0;
  const rowsPerBlock = Math.max(1, Math.floor(ROW_PIECE / Math.max(1, axis)));
  const phase = {
    ...along(fn, ["sumRows", "extremesOfRows"], y.address, partials, x.address, [outer, axis, pieces, rowsPerBlock]),
    blocks: pieces > 1 ? outer * pieces : Math.ceil(outer / rowsPerBlock),
    grain: grainFor(Math.min(ROW_PIECE, rowsPerBlock * axis)),
  };
  return pieces > 1 ? [phase, merge(fn, y.address, partials, pieces, 1, outer)] : [phase];
}

function alongColumns(
  y: Located,
  x: Located,
  { fn, outer, axis, inner }: ReduceParams,
  scratch: Scratch,
): readonly Phase[] {
  const pieces = Math.max(1, Math.ceil(axis / COLUMN_PIECE));
  const groups = Math.ceil(inner / COLUMN_GROUP);
  const partials = pieces > 1 ? scratch(outer * pieces * inner * PIECE_BYTES) : 0;
  const phase = {
    ...along(fn, ["sumColumns", "extremesOfColumns"], y.address, partials, x.address, [axis, inner, pieces, groups]),
    blocks: outer * pieces * groups,
    grain: grainFor(Math.min(axis, COLUMN_PIECE) * Math.min(inner, COLUMN_GROUP)),
  };
  return pieces > 1 ? [phase, merge(fn, y.address, partials, pieces, inner, outer * inner)] : [phase];
}

/** The function for sums or the one for extremes, and its arguments. */
function along(
  fn: ReduceParams["fn"],
  [sums, extremes]: readonly [WasmFunction, WasmFunction],
  y: number,
  partials: number,
  x: number,
  sizes: readonly number[],
): Pick<Phase, "run" | "args"> {
  return isSum(fn)
    ? { run: sums, args: [y, partials, x, fn === "sumSquares" ? 1 : 0, ...sizes] }
    : { run: extremes, args: [reduceCodes[fn], y, partials, x, ...sizes] };
}

function merge(
  fn: ReduceParams["fn"],
  y: number,
  partials: number,
  pieces: number,
  inner: number,
  length: number,
): Phase {
  const args = [y, partials, pieces, inner, length];
  return {
    ...(isSum(fn) ? { run: "mergeSums", args } : { run: "mergeExtremes", args: [reduceCodes[fn], ...args] }),
    blocks: Math.ceil(length / MERGED),
    grain: grainFor(MERGED * pieces),
  };
}

function isSum(fn: ReduceParams["fn"]): boolean {
  return fn === "sum" || fn === "sumSquares";
}
