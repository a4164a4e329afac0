/**
 * The loss, its gradient, state and second order in float64 with compensated sums: docs/semantics.md §2 written down as
 * mathematics, one row after the other, with no thought of speed. Shares no code with any backend.
 */
import type { Expected } from "../comparison.ts";
import { compensatedSum, exactDifference } from "./compensated-sum.ts";

/** A loss to compute: the inputs of the kernel `softmaxCrossEntropy`, as numbers. */
export interface LossProblem {
  readonly rows: number;
  readonly classes: number;
  /** Length of the axes behind the class axis; 1 if absent. */
  readonly inner?: number;
  readonly logits: ArrayLike<number>;
  readonly labels?: ArrayLike<number> | undefined;
  readonly probabilities?: ArrayLike<number> | undefined;
  readonly classWeights?: ArrayLike<number> | undefined;
  readonly rowScale?: ArrayLike<number> | undefined;
  /** 0 if absent. */
  readonly smoothing?: number;
  /** 1 if absent. */
  readonly scale?: number;
}

/** What the kernel gives for a problem. */
export interface LossReference {
  readonly rowLoss: Required<Expected>;
  readonly gradient: Required<Expected>;
  /** (m, k, s′) a row; scale and terms are those of s′. */
  readonly state: Required<Expected>;
}

/** One row: logits, targets, and what follows from them. */
interface RowReference {
  readonly ignored: boolean;
  /** The position of each class in the logits. */
  readonly positions: readonly number[];
  readonly targets: Float64Array;
  /** S = Σ T. */
  readonly mass: number;
  readonly maximum: number;
  readonly argmax: number;
  /** s′ = Σ_{j≠k} e^(z_j − m). */
  readonly complement: number;
  /** p, with p_k = 1/(1 + s′). */
  readonly probabilities: Float64Array;
  /** u = scale·rowScale. */
  readonly upstream: number;
  readonly loss: number;
  readonly lossTerms: number;
}

/** Loss, gradient and state of every row. */
export function softmaxCrossEntropy(problem: LossProblem): LossReference {
  const { rows, classes } = problem;
  const reference = {
    rowLoss: emptyExpected(rows),
    gradient: emptyExpected(rows * classes),
    state: emptyExpected(rows * 3),
  };
  for (let r = 0; r < rows; r++) {
    const row = rowReference(problem, r);
    put(reference.rowLoss, r, row.loss, Math.max(1, row.lossTerms), row.lossTerms);
    put(reference.state, 3 * r, row.maximum, 1, 0);
    put(reference.state, 3 * r + 1, row.argmax, 1, 0);
    put(reference.state, 3 * r + 2, row.complement, 1 + row.complement, row.complement);
    const gradient = rowGradient(problem, row);
    for (let j = 0; j < classes; j++) {
      put(reference.gradient, row.positions[j]!, gradient.values[j]!, gradient.scale, gradient.terms[j]!);
    }
  }
  return reference;
}

/** Everything about row `r` of the problem but its gradient. */
function rowReference(problem: LossProblem, r: number): RowReference {
  const { classes, inner = 1, logits } = problem;
  const start = Math.floor(r / inner) * classes * inner + (r % inner);
  const positions = Array.from({ length: classes }, (_, j) => start + j * inner);
  const upstream = (problem.scale ?? 1) * (problem.rowScale?.[r] ?? 1);
  const ignored = problem.labels?.[r] === -1;
  const targets = ignored ? new Float64Array(classes) : rowTargets(problem, r, positions);
  const mass = total(targets);
  const none = { ignored, positions, targets, mass, upstream };
  const nothing = new Float64Array(classes);
  if (ignored) {
    return { ...none, maximum: -Infinity, argmax: -1, complement: 0, probabilities: nothing, loss: 0, lossTerms: 0 };
  }
  const invalid = { ...none, probabilities: nothing.fill(Number.NaN), loss: Number.NaN, lossTerms: 0 };
  const z = positions.map((position) => logits[position]!);
  if (z.some(Number.isNaN)) return { ...invalid, maximum: Number.NaN, argmax: -1, complement: Number.NaN };
  const maximum = z.reduce((a, b) => Math.max(a, b), -Infinity);
  const argmax = z.indexOf(maximum);
  if (maximum === Infinity) return { ...invalid, maximum, argmax, complement: Number.NaN };
  if (maximum === -Infinity) return { ...invalid, maximum, argmax: -1, complement: 0 };

  const powers = z.map((value) => expDifference(value, maximum));
  const sum = compensatedSum();
  for (let j = 0; j < classes; j++) if (j !== argmax) sum.add(powers[j]!);
  const complement = sum.value();
  const loss = compensatedSum();
  const terms = compensatedSum();
  for (let j = 0; j < classes; j++) {
    // 0·(−∞) is 0 here.
    if (targets[j] === 0) continue;
    const [difference, lost] = exactDifference(maximum, z[j]!);
    loss.addProduct(targets[j]!, difference);
    loss.add(targets[j]! * lost);
    terms.add(Math.abs(targets[j]! * difference));
  }
  loss.addProduct(mass, Math.log1p(complement));
  terms.add(Math.abs(mass) * Math.log1p(complement));
  const probabilities = Float64Array.from(powers, (power) => power / (1 + complement));
  return { ...none, maximum, argmax, complement, probabilities, loss: loss.value(), lossTerms: terms.value() };
}

/** T: what the row should be, smoothing and class weights applied. */
function rowTargets(problem: LossProblem, r: number, positions: readonly number[]): Float64Array {
  const { classes, labels, probabilities, classWeights, smoothing = 0 } = problem;
  return Float64Array.from(positions, (position, j) => {
    const weight = classWeights?.[j] ?? 1;
    if (probabilities) return weight * ((1 - smoothing) * probabilities[position]! + smoothing / classes);
    if (!labels) return 0;
    return (labels[r] === j ? (1 - smoothing) * weight : 0) + (smoothing / classes) * weight;
  });
}

/** u·(S·p_j − T_j); at the first maximum in the form without cancellation, u·(Σ_{j≠k} T_j − T_k·s′)/(1 + s′). */
function rowGradient(
  problem: LossProblem,
  row: RowReference,
): { values: Float64Array; terms: Float64Array; scale: number } {
  const { targets, mass, probabilities, argmax, complement, upstream } = row;
  const values = new Float64Array(problem.classes);
  const terms = new Float64Array(problem.classes);
  let largest = Math.max(1, Math.abs(mass));
  for (const target of targets) largest = Math.max(largest, Math.abs(target));
  const scale = Math.abs(upstream) * largest;
  if (row.ignored) return { values, terms, scale: scale || 1 };
  const oneHot = problem.labels !== undefined && (problem.smoothing ?? 0) === 0;
  const others = compensatedSum();
  for (let j = 0; j < problem.classes; j++) if (j !== argmax) others.add(targets[j]!);
  for (let j = 0; j < problem.classes; j++) {
    const share = mass * probabilities[j]!;
    const bare = j === argmax ? (others.value() - targets[j]! * complement) / (1 + complement) : share - targets[j]!;
    values[j] = upstream * bare;
    terms[j] = oneHot ? Math.abs(values[j]!) : Math.abs(upstream) * Math.max(Math.abs(share), Math.abs(targets[j]!));
  }
  return { values, terms, scale: scale || 1 };
}

/** The Hessian times v: u·S·(p∘v − p·⟨p, v⟩), laid out as the logits. */
export function lossHessianVector(problem: LossProblem, v: ArrayLike<number>): Required<Expected> {
  const result = emptyExpected(problem.rows * problem.classes);
  for (let r = 0; r < problem.rows; r++) {
    const row = rowReference(problem, r);
    const factor = row.upstream * row.mass;
    let largest = 0;
    for (const position of row.positions) largest = Math.max(largest, Math.abs(v[position]!));
    for (const [j, position] of row.positions.entries()) {
      // p_j·Σ_i p_i·(v_j − v_i): what is subtracted is subtracted first.
      const sum = compensatedSum();
      for (const [i, other] of row.positions.entries()) sum.addProduct(row.probabilities[i]!, v[position]! - v[other]!);
      const value = row.ignored ? 0 : factor * row.probabilities[j]! * sum.value();
      put(result, position, value, Math.max(Number.MIN_VALUE, Math.abs(factor) * largest), Math.abs(factor) * largest);
    }
  }
  return result;
}

/** ∂⟨∂ℓ/∂z, v⟩/∂T_k = u·(⟨p, v⟩ − v_k), laid out as the logits. */
export function lossMixedVector(problem: LossProblem, v: ArrayLike<number>): Required<Expected> {
  const result = emptyExpected(problem.rows * problem.classes);
  for (let r = 0; r < problem.rows; r++) {
    const row = rowReference(problem, r);
    const inner = compensatedSum();
    for (const [i, position] of row.positions.entries()) inner.addProduct(row.probabilities[i]!, v[position]!);
    for (const position of row.positions) {
      const terms = Math.abs(row.upstream) * Math.max(Math.abs(inner.value()), Math.abs(v[position]!));
      put(result, position, row.ignored ? 0 : row.upstream * (inner.value() - v[position]!), terms || 1, terms);
    }
  }
  return result;
}

/** ∂ℓ/∂T_j = u·(lse − z_j), laid out as the logits. */
export function lossTargetGradient(problem: LossProblem): Required<Expected> {
  const result = emptyExpected(problem.rows * problem.classes);
  for (let r = 0; r < problem.rows; r++) {
    const row = rowReference(problem, r);
    for (const position of row.positions) {
      const [difference] = exactDifference(row.maximum, problem.logits[position]!);
      const value = row.ignored ? 0 : row.upstream * (difference + Math.log1p(row.complement));
      put(result, position, value, Math.max(1, Math.abs(value)), Math.abs(value));
    }
  }
  return result;
}

/** e^(a − b), with the rounding error of the difference put back. */
function expDifference(a: number, b: number): number {
  const [difference, lost] = exactDifference(a, b);
  return Math.exp(difference) * (1 + lost);
}

function total(values: Float64Array): number {
  const sum = compensatedSum();
  for (const value of values) sum.add(value);
  return sum.value();
}

interface Filling {
  readonly values: Float64Array;
  readonly scale: Float64Array;
  readonly terms: Float64Array;
}

function emptyExpected(length: number): Filling {
  return { values: new Float64Array(length), scale: new Float64Array(length), terms: new Float64Array(length) };
}

function put(into: Filling, position: number, value: number, scale: number, terms: number): void {
  into.values[position] = value;
  into.scale[position] = scale;
  into.terms[position] = terms;
}
