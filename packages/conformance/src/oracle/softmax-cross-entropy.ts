/**
 * The loss, its gradient, state and second order in float64 with compensated sums: docs/semantics.md §2 written down as
 * mathematics, one row after the other, with no thought of speed. Shares no code with any backend.
 */
import type { Expected } from "../comparison.ts";
import { compensatedSum, exactDifference } from "./compensated-sum.ts";
import { rowDiagnostics } from "./loss-diagnostics.ts";
import { bareSlope, type LossProblem, type RowReference, rise, rowReference } from "./loss-row.ts";
import { logitSlope, noTerms } from "./scaled-logits.ts";
import { temperatureSlope } from "./temperature-slope.ts";

export type { LossProblem } from "./loss-row.ts";

/** What the kernel gives for a problem. */
export interface LossReference {
  readonly rowLoss: Required<Expected>;
  readonly gradient: Required<Expected>;
  /** (m, k, s′) a row; scale and terms are those of s′. */
  readonly state: Required<Expected>;
  /** (rank, entropy, margin) a row. */
  readonly diagnostics: Required<Expected>;
  /** ∂ℓ/∂τ a row. */
  readonly temperatureSlope: Required<Expected>;
}

/** Loss, gradient and state of every row. */
export function softmaxCrossEntropy(problem: LossProblem): LossReference {
  const { rows, classes } = problem;
  const reference = {
    rowLoss: emptyExpected(rows),
    gradient: emptyExpected(rows * classes),
    state: emptyExpected(rows * 3),
    diagnostics: emptyExpected(rows * 3),
    temperatureSlope: emptyExpected(rows),
  };
  for (let r = 0; r < rows; r++) {
    const row = rowReference(problem, r);
    put(reference.rowLoss, r, row.loss, Math.max(1, row.lossTerms), row.lossTerms);
    put(reference.state, 3 * r, row.maximum, Math.max(1, Math.abs(row.maximum)), Math.abs(row.maximum));
    put(reference.state, 3 * r + 1, row.argmax, 1, 0);
    put(reference.state, 3 * r + 2, row.complement, 1 + row.complement, row.complement);
    for (const [i, [value, terms]] of rowDiagnostics(problem, r, row).entries()) {
      put(reference.diagnostics, 3 * r + i, value, Math.max(1, terms), terms);
    }
    const [slope, slopeTerms] = temperatureSlope(problem, row);
    put(reference.temperatureSlope, r, slope, Math.max(1, slopeTerms), slopeTerms);
    const gradient = rowGradient(problem, row);
    for (let j = 0; j < classes; j++) {
      put(reference.gradient, row.positions[j]!, gradient.values[j]!, gradient.scale, gradient.terms[j]!);
    }
  }
  return reference;
}

/** u·(F·(S·p_j − T_j) + 2λ·lse·p_j)·∂z′/∂z. */
function rowGradient(
  problem: LossProblem,
  row: RowReference,
): { values: Float64Array; terms: Float64Array; scale: number } {
  const { targets, mass, probabilities, complement, upstream, factor, lse, positions, below } = row;
  const { terms: options = noTerms } = problem;
  const values = new Float64Array(problem.classes);
  const terms = new Float64Array(problem.classes);
  const rising = rise(row);
  const pull = options.zLoss === 0 ? 0 : 2 * options.zLoss * lse;
  let largest = Math.max(1, Math.abs(mass)) * Math.max(1, Math.abs(factor)) + Math.abs(pull);
  for (const target of targets) largest = Math.max(largest, Math.abs(factor * target));
  const scale = Math.abs(upstream) * largest * Math.max(1, options.inverseTemperature);
  if (row.ignored) return { values, terms, scale: scale || 1 };
  const oneHot = problem.probabilities === undefined && (problem.smoothing ?? 0) === 0;
  for (let j = 0; j < problem.classes; j++) {
    const share = mass * probabilities[j]!;
    const bare = bareSlope(row, j);
    const slope = upstream * logitSlope(problem.logits[positions[j]!]!, options);
    values[j] = slope * (factor * bare + (pull === 0 ? 0 : pull * probabilities[j]!));
    terms[j] = oneHot ? Math.abs(values[j]!) : Math.abs(upstream) * Math.max(Math.abs(share), Math.abs(targets[j]!));
    if (problem.terms === undefined) continue;
    // What is rounded: the distance below the largest, which goes into an exp, m, which goes into lse, and t·z/c, which goes
    // into the exp of the cap's slope.
    const z = problem.logits[positions[j]!]!;
    const steepness =
      options.softcap > 0 && Number.isFinite(z) ? 2 * Math.abs((options.inverseTemperature * z) / options.softcap) : 0;
    const distance = (Number.isFinite(below[j]!) ? below[j]! : 0) + rising + options.softcap + steepness;
    const plain = oneHot ? Math.abs(bare) : Math.max(Math.abs(share), Math.abs(targets[j]!));
    const size = Math.abs(factor) * (1 + options.focal) * plain;
    const weight = Math.abs(row.maximum) + Math.log1p(complement);
    const pulled = options.zLoss === 0 ? 0 : 2 * options.zLoss * weight * probabilities[j]!;
    terms[j] = Math.abs(slope) * (size + pulled) * (1 + distance);
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
