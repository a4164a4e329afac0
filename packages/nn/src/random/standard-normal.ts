import type { RandomStream } from "./random-stream.ts";

/**
 * A number from the normal distribution of mean 0 and deviation 1: Marsaglia's polar method ("A Convenient Method for
 * Generating Normal Variables", 1964), with a logarithm made of + − × ÷ alone. `Math.log` differs from engine to engine
 * in the last bit; these operations and the square root do not.
 */
export function standardNormal(random: RandomStream): number {
  for (;;) {
    const x = 2 * random.nextFloat() - 1;
    const y = 2 * random.nextFloat() - 1;
    const s = x * x + y * y;
    if (s > 0 && s < 1) return x * Math.sqrt((-2 * logarithm(s)) / s);
  }
}

/** ln x for 0 < x < 1, to a few units in the last place: x = m·2^−e, and ln m = 2·artanh((m − 1)/(m + 1)). */
export function logarithm(x: number): number {
  let m = x;
  let halvings = 0;
  while (m < Math.SQRT1_2) {
    m *= 2;
    halvings++;
  }
  const t = (m - 1) / (m + 1);
  const t2 = t * t;
  // |t| ≤ 0.172, so that terms from t^25 on are below half a unit in the last place.
  let series = 0;
  for (let n = 23; n >= 1; n -= 2) series = series * t2 + 1 / n;
  return 2 * t * series - halvings * Math.LN2;
}
