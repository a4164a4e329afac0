/** Functions made of + − × ÷ alone: `Math.cos` and `**` differ from engine to engine in the last bit. */

/** base^exponent for a whole exponent ≥ 0, by squaring. */
export function wholePower(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, left = exponent; left >= 1; left = Math.floor(left / 2), square *= square) {
    if (left % 2 === 1) result *= square;
  }
  return result;
}

/** cos(π·t) for 0 ≤ t ≤ 1, as sin(π·(½ − t)) by its series. */
export function cosineOfHalfTurns(t: number): number {
  const x = Math.PI * (0.5 - t);
  // |x| ≤ π/2: terms from x^25/25! on are below half a unit in the last place.
  let series = 1;
  for (let n = 22; n >= 2; n -= 2) series = 1 - (series * x * x) / (n * (n + 1));
  return x * series;
}
