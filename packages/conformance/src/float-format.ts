import type { Facts } from "@surprisal/core";

/** Numbers of a backend's own width. */
export type FloatArray = Float32Array | Float64Array;

/** The floating point format that a backend's handles hold: what "one ulp" and "too large" mean for it. */
export interface FloatFormat {
  /** Bytes of one number. */
  readonly bytes: 4 | 8;
  /** The largest finite number. */
  readonly largest: number;
  /** The smallest normal number: results below it may flush to 0. */
  readonly smallestNormal: number;
  /** The nearest number of the format; ±∞ beyond the largest. */
  round(value: number): number;
  /** The distance from |value| to the next larger number of the format. */
  ulp(value: number): number;
  /** A fresh array of the format, rounded from `values`. */
  array(values: ArrayLike<number>): FloatArray;
}

const word = new DataView(new ArrayBuffer(8));

/** IEEE 754 binary32. */
export const float32: FloatFormat = {
  bytes: 4,
  largest: 3.4028234663852886e38,
  smallestNormal: 2 ** -126,
  round: Math.fround,
  ulp(value) {
    word.setFloat32(0, Math.min(Math.abs(value), 3.4028234663852886e38));
    return 2 ** (Math.max(word.getUint32(0) >>> 23, 1) - 127 - 23);
  },
  array: (values) => Float32Array.from(values),
};

/** IEEE 754 binary64. */
export const float64: FloatFormat = {
  bytes: 8,
  largest: Number.MAX_VALUE,
  smallestNormal: 2 ** -1022,
  round: (value) => value,
  ulp(value) {
    word.setFloat64(0, Math.min(Math.abs(value), Number.MAX_VALUE));
    return 2 ** (Math.max(word.getUint32(0) >>> 20, 1) - 1023 - 52);
  },
  array: (values) => Float64Array.from(values),
};

/** The format of a backend's floats. */
export function floatFormat(facts: Facts): FloatFormat {
  return facts.floatBytes === 8 ? float64 : float32;
}
