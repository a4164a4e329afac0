/** A weighted mean of batches that come one after another, in float64. */
export interface WeightedMean {
  /** Σ wᵢ·xᵢ and Σ wᵢ of a batch. */
  add(sum: number, weight: number): void;
  /** All sums by all weights; 0 before anything weighs anything. */
  value(): number;
}

export function weightedMean(): WeightedMean {
  let sums = 0;
  let weights = 0;
  return {
    add(sum, weight) {
      // What weighs nothing counts for nothing, be it NaN.
      if (weight === 0) return;
      sums += sum;
      weights += weight;
    },
    value: () => (weights === 0 ? 0 : sums / weights),
  };
}
