/** A running sum that carries its rounding errors along (Neumaier 1974): as good as twice the precision. */
export interface CompensatedSum {
  add(term: number): void;
  /** Adds a·b without rounding the product. */
  addProduct(a: number, b: number): void;
  value(): number;
}

/** An empty compensated sum. Infinities and NaN take part as in a plain sum. */
export function compensatedSum(): CompensatedSum {
  let sum = 0;
  let lost = 0;
  let plain = 0;
  const add = (term: number): void => {
    plain += term;
    const next = sum + term;
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
  };
  return {
    add,
    addProduct(a, b) {
      const product = a * b;
      add(product);
      const error = productError(a, b, product);
      if (Number.isFinite(error)) add(error);
    },
    // Beyond the finite numbers the corrections are NaN, and the plain sum is the answer.
    value: () => (Number.isFinite(plain) ? sum + lost : plain),
  };
}

/** a·b − product, exactly (Dekker 1971); 0 where the splitting would overflow. */
export function productError(a: number, b: number, product: number): number {
  const largest = Math.max(Math.abs(a), Math.abs(b), Math.abs(product));
  if (!(largest < 1e290)) return 0;
  const [aHigh, aLow] = split(a);
  const [bHigh, bLow] = split(b);
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** a − b as a rounded difference and what the rounding lost (Knuth's two-sum). */
export function exactDifference(a: number, b: number): readonly [difference: number, lost: number] {
  const difference = a - b;
  const bPart = a - difference;
  const lost = a - (difference + bPart) + (bPart - b);
  return [difference, Number.isFinite(lost) ? lost : 0];
}

function split(x: number): readonly [high: number, low: number] {
  const scaled = x * 134217729;
  const high = scaled - (scaled - x);
  return [high, x - high];
}
