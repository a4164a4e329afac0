/**
 * What the loss keeps of four rows that stand side by side in the lanes of vectors, beside their stages and their tile: the
 * offsets of doubles, two and two rows, and of vectors with a number for each row.
 */
export const SUMS: usize = 0; // and the largest of each lane behind them
export const EXACT_SUMS: usize = SUMS + 48;
/** Σ_{j≠e} T_j, T_e, and Σ T_j·(z_e − z_j). */
export const OTHERS: usize = EXACT_SUMS + 32;
export const AT_EXCLUDED: usize = OTHERS + 32;
export const DOTS: usize = AT_EXCLUDED + 32;
/** o − z_e and E */
export const DISTANCES: usize = DOTS + 32;
export const EXPONENTIALS: usize = DISTANCES + 32;
export const MAXIMA: usize = EXPONENTIALS + 32;
export const EXCLUDED_CLASSES: usize = MAXIMA + 16;
export const LARGEST_OTHERS: usize = EXCLUDED_CLASSES + 16;
export const EXCLUDED: usize = LARGEST_OTHERS + 16;
export const K: usize = EXCLUDED + 16;
export const FACTORS: usize = K + 16;
export const UNITS: usize = FACTORS + 16;
export const EXCLUDED_GRADIENTS: usize = UNITS + 16;
export const PART_BYTES: usize = EXCLUDED_GRADIENTS + 16;
