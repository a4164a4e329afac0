// What a block of a phase is: the plans here and the kernels of assembly/ read it from this file, which is TypeScript and
// AssemblyScript at once.

/** Elements of a block of an elementwise kernel, `fill`, `select` or an optimizer. */
export const RUN = 4096;

/** Elements of a piece of a long row, and rows of a piece of long columns, of a reduction: the pieces' results are merged in order. */
export const ROW_PIECE = 4096;
export const COLUMN_PIECE = 256;

/** Columns of a block of a reduction along columns, and outputs of a block of a merge. */
export const COLUMN_GROUP = 1024;
export const MERGED = 256;

/** Bytes of what a piece of a reduction leaves: a double, or a number and its index. */
export const PIECE_BYTES = 8;

/** Columns of a panel of a packed matrix, and panels of a block that packs. */
export const PANEL = 8;
export const PACKED_PANELS = 4;

/** Columns of a block of tiles, and its rows, at most. */
export const TILE_COLS = 64;
export const MOST_TILE_ROWS = 48;

/** Columns of a block that computes whole rows of a product, at most. */
export const MOST_ROW_COLS = 1024;

/** Rows of a block of the loss whose rows stand side by side in the lanes of vectors. */
export const ROWS_IN_LANES = 4;

/** Classes of a block of a row of the loss: the sums over the classes are made of such blocks, added in order. */
export const CLASS_BLOCK = 4096;

/** Bytes of a row's stage, and of what a class block of a row leaves, where a row is cut. */
export const STAGE_BYTES = 176;
export const PARTIAL_BYTES = 40;
