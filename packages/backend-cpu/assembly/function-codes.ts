// The functions of `binary`, `unary` and `reduce` as numbers, in the order of src/kernels/function-codes.ts.
export const ADD: i32 = 0;
export const MULTIPLY: i32 = 1;
export const DIVIDE: i32 = 2;
export const POWER: i32 = 3;
export const MIN: i32 = 4;
export const MAX: i32 = 5;
export const EQUAL: i32 = 6;
export const LESS: i32 = 7;
export const LESS_EQUAL: i32 = 8;

// Functions of one number go on counting.
export const AFFINE: i32 = 9;
export const POW: i32 = 10;
export const CLAMP: i32 = 11;
export const LOG: i32 = 12;
export const LOG1P: i32 = 13;
export const RELU: i32 = 14;
export const STEP: i32 = 15;
export const ABS: i32 = 16;
export const SIGN: i32 = 17;

// Sums are 0 and 1, with functions of their own; 2 is max.
export const MIN_ALONG: i32 = 3;
export const ARGMAX: i32 = 4;
