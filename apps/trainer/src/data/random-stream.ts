/** Reproducible random numbers: the same on every machine and engine. */
export interface RandomStream {
  /** A whole number in [0, 2³²). */
  nextUint32(): number;
  /** A multiple of 2⁻²⁴ in [0, 1). */
  nextFloat(): number;
  /** A whole number in [0, n). */
  nextBelow(n: number): number;
}

/** Opens the stream of a key. Streams of different keys are independent, and opening one does not disturb another. */
export type RandomSource = (seed: number, ...key: number[]) => RandomStream;
