/**
 * What the loss keeps of four rows that stand side by side in the lanes of vectors, beside their stages and their tile: the
 * offsets of sums in doubles, and of vectors with a number for each row.
 */
export const SUMS: usize = 0;
export const DOTS: usize = SUMS + 48;
export const MAXIMA: usize = DOTS + 32;
export const LARGEST_CLASSES: usize = MAXIMA + 16;
export const LARGEST_OTHERS: usize = LARGEST_CLASSES + 16;
export const EXCLUDED: usize = LARGEST_OTHERS + 16;
export const K: usize = EXCLUDED + 16;
export const FACTORS: usize = K + 16;
export const UNITS: usize = FACTORS + 16;
export const PART_BYTES: usize = UNITS + 16;
