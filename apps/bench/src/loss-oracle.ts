/**
 * One row of the loss in float64 with compensated sums, written for speed: straight over the row, nothing allocated.
 * It shares no code with the kernels or with the conformance kit's oracle, against which a test holds it.
 */

/** What a row should be: a label, or a target for each class. */
export interface RowTarget {
  readonly label?: number | undefined;
  /** T, one for each class; with a label besides, T is what smoothing and weights make of it. */
  readonly targets?: Float64Array | undefined;
}

export interface RowAnswer {
  readonly loss: number;
  /** Σ|T|·(m − z) + |S|·log1p(s′): the magnitude of what went into the loss. */
  readonly lossTerms: number;
}

/**
 * The loss of the row that starts at `start`, and its gradient u·(S·p − T) into `gradient`. Finite logits or −∞; at least
 * one is finite.
 */
export function exactRow(
  logits: Float32Array | Float64Array,
  start: number,
  classes: number,
  { label, targets }: RowTarget,
  upstream: number,
  gradient: Float64Array,
): RowAnswer {
  let m = -Infinity;
  let k = 0;
  for (let j = 0; j < classes; j++) {
    const z = logits[start + j]!;
    if (z > m) {
      m = z;
      k = j;
    }
  }
  // s′: Neumaier's sum of all powers but the first maximum's, which is 1. float32 differences are exact in float64
  // wherever the power is not 0 or 1 to the last bit.
  let sum = 0;
  let lost = 0;
  for (let j = 0; j < classes; j++) {
    const power = Math.exp(logits[start + j]! - m);
    gradient[j] = power;
    if (j === k) continue;
    const next = sum + power;
    lost += sum >= power ? sum - next + power : power - next + sum;
    sum = next;
  }
  const rest = sum + lost;
  const whole = 1 + rest;
  if (targets === undefined) {
    for (let j = 0; j < classes; j++) gradient[j] = (upstream * gradient[j]!) / whole;
    const y = label!;
    const difference = m - logits[start + y]!;
    // 1 − p_y without cancellation: the label's own power is left out of the sum.
    gradient[y] = -upstream * (y === k ? rest / whole : complementOf(logits, start, classes, y, m) / whole);
    const loss = difference + Math.log1p(rest);
    return { loss, lossTerms: loss };
  }
  return softRow(logits, start, classes, targets, upstream, gradient, m, k, rest);
}

/** Σ_{j≠y} e^(z_j − m) for a label that is not the maximum. */
function complementOf(
  logits: Float32Array | Float64Array,
  start: number,
  classes: number,
  y: number,
  m: number,
): number {
  let sum = 0;
  let lost = 0;
  for (let j = 0; j < classes; j++) {
    if (j === y) continue;
    const power = Math.exp(logits[start + j]! - m);
    const next = sum + power;
    lost += sum >= power ? sum - next + power : power - next + sum;
    sum = next;
  }
  return sum + lost;
}

/** The general form. `gradient` holds the powers. */
function softRow(
  logits: Float32Array | Float64Array,
  start: number,
  classes: number,
  targets: Float64Array,
  upstream: number,
  gradient: Float64Array,
  m: number,
  k: number,
  rest: number,
): RowAnswer {
  const others = { sum: 0, lost: 0 };
  const loss = { sum: 0, lost: 0 };
  let terms = 0;
  let infinite = 0;
  for (let j = 0; j < classes; j++) {
    const T = targets[j]!;
    if (T === 0) continue;
    if (j !== k) add(others, T);
    const term = T * (m - logits[start + j]!);
    // The corrections of an infinite sum would be NaN.
    if (Number.isFinite(term)) add(loss, term);
    else infinite += term;
    terms += Math.abs(term);
  }
  const besides = others.sum + others.lost;
  const mass = besides + targets[k]!;
  const logWhole = Math.log1p(rest);
  add(loss, mass * logWhole);
  terms += Math.abs(mass) * logWhole;
  for (let j = 0; j < classes; j++) {
    const bare =
      j === k ? (besides - targets[k]! * rest) / (1 + rest) : (mass * gradient[j]!) / (1 + rest) - targets[j]!;
    gradient[j] = upstream * bare;
  }
  return { loss: loss.sum + loss.lost + infinite, lossTerms: terms };
}

/** Neumaier's step. */
function add(into: { sum: number; lost: number }, term: number): void {
  const next = into.sum + term;
  into.lost += Math.abs(into.sum) >= Math.abs(term) ? into.sum - next + term : term - next + into.sum;
  into.sum = next;
}
