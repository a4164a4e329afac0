/** The middle of a sample and what half of it lies within. */
export interface Spread {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
  readonly least: number;
}

/** Median, quartiles (linear between neighbours) and minimum of a sample. */
export function spread(sample: readonly number[]): Spread {
  const sorted = sample.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const position = share * (sorted.length - 1);
    const below = sorted[Math.floor(position)]!;
    return below + (position % 1) * (sorted[Math.ceil(position)]! - below);
  };
  return { median: at(0.5), lower: at(0.25), upper: at(0.75), least: at(0) };
}

/** The spread of numerator/denominator, round by round, of the rounds that both took part in. */
export function ratios(numerators: readonly number[], denominators: readonly number[]): Spread {
  const common = numerators.slice(0, denominators.length);
  return spread(common.map((numerator, round) => numerator / denominators[round]!));
}
