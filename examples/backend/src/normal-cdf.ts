/** The share of a normal distribution that lies below x. */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return x;
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x > 3) return 1 - normalCdf(-x);
  if (x >= -3) {
    // ½ + density · Σ x^(2n+1) / (1·3·…·(2n+1))
    let sum = 0;
    let term = x;
    for (let odd = 3; sum + term !== sum; odd += 2) {
      sum += term;
      term *= (x * x) / odd;
    }
    return 0.5 + density * sum;
  }
  // In the tail ½ − ½ would cancel: density / (t + 1/(t + 2/(t + 3/(t + …)))), from the inside out, with t = −x.
  let fraction = -x;
  for (let n = 60; n > 0; n--) fraction = -x + n / fraction;
  return density / fraction;
}
