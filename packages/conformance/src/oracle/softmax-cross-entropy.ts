/**
 * The loss, its gradient, state and second order in float64 with compensated sums: docs/semantics.md §2 written down as
 * mathematics, one row after the other, with no thought of speed. Shares no code with any backend.
 */
import type { Expected } from "../comparison.ts";
import { compensatedSum, exactDifference } from "./compensated-sum.ts";
import { labelTerms } from "./label-terms.ts";
import { belowTop, logitSlope, noTerms, scaledLogit, type Terms } from "./scaled-logits.ts";

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
  /** None if absent. */
  readonly terms?: Terms | undefined;
}

/** What the kernel gives for a problem. */
export interface LossReference {
  readonly rowLoss: Required<Expected>;
  readonly gradient: Required<Expected>;
  /** (m, k, s′) a row; scale and terms are those of s′. */
  readonly state: Required<Expected>;
  /** (rank, entropy, margin) a row. */
  readonly diagnostics: Required<Expected>;
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
  /** m − z′_j; nothing where the row has no distribution. */
  readonly below: readonly number[];
  /** F, by which focal and poly terms multiply the gradient. */
  readonly factor: number;
  /** log Σ e^z′. */
  readonly lse: number;
}

/** Loss, gradient and state of every row. */
export function softmaxCrossEntropy(problem: LossProblem): LossReference {
  const { rows, classes } = problem;
  const reference = {
    rowLoss: emptyExpected(rows),
    gradient: emptyExpected(rows * classes),
    state: emptyExpected(rows * 3),
    diagnostics: emptyExpected(rows * 3),
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
  const unread = { below: [], factor: 1, lse: 0 };
  if (ignored) {
    const zero = { maximum: -Infinity, argmax: -1, complement: 0, probabilities: nothing, loss: 0, lossTerms: 0 };
    return { ...none, ...unread, ...zero };
  }
  const invalid = { ...none, ...unread, probabilities: nothing.fill(Number.NaN), loss: Number.NaN, lossTerms: 0 };
  const z = positions.map((position) => logits[position]!);
  if (z.some(Number.isNaN)) return { ...invalid, maximum: Number.NaN, argmax: -1, complement: Number.NaN };
  const maximum = z.reduce((a, b) => Math.max(a, b), -Infinity);
  const argmax = z.indexOf(maximum);
  if (maximum === Infinity) return { ...invalid, maximum, argmax, complement: Number.NaN };
  if (maximum === -Infinity) return { ...invalid, maximum, argmax: -1, complement: 0 };

  const { terms: options = noTerms } = problem;
  const below = z.map((value) => belowTop(maximum, value, options));
  const powers = below.map(([distance, lost]) => Math.exp(-distance) * (1 - lost));
  const sum = compensatedSum();
  for (let j = 0; j < classes; j++) if (j !== argmax) sum.add(powers[j]!);
  const complement = sum.value();
  const spread = Math.log1p(complement);
  const loss = compensatedSum();
  const terms = compensatedSum();
  for (let j = 0; j < classes; j++) {
    // 0·(−∞) is 0 here.
    if (targets[j] === 0) continue;
    const [distance, lost] = below[j]!;
    loss.addProduct(targets[j]!, distance);
    loss.add(targets[j]! * lost);
    terms.add(Math.abs(targets[j]! * distance));
  }
  loss.addProduct(mass, spread);
  terms.add(Math.abs(mass) * spread);
  const probabilities = Float64Array.from(powers, (power) => power / (1 + complement));
  const common = {
    ...none,
    maximum: scaledLogit(maximum, options),
    argmax,
    complement,
    probabilities,
    below: below.map(([distance]) => distance),
    lse: scaledLogit(maximum, options) + spread,
  };
  const bare = { ...common, loss: loss.value(), lossTerms: terms.value(), factor: 1 };
  return problem.terms === undefined ? bare : withTerms(problem, r, bare);
}

/** S·p_j − T_j; at the first maximum without cancellation, (Σ_{j≠k} T_j − T_k·s′)/(1 + s′). */
function bareSlope({ targets, mass, probabilities, argmax, complement }: RowReference, j: number): number {
  if (j !== argmax) return mass * probabilities[j]! - targets[j]!;
  const others = compensatedSum();
  for (let i = 0; i < targets.length; i++) if (i !== argmax) others.add(targets[i]!);
  return (others.value() - targets[j]! * complement) / (1 + complement);
}

/** How far below the largest the other classes stand on the average: an exp is wrong by as many ulps of its argument. */
function rise({ probabilities, argmax, below }: RowReference): number {
  let [sum, mass] = [0, 0];
  for (const [j, p] of probabilities.entries()) {
    if (j === argmax || !(p > 0)) continue;
    sum += p * below[j]!;
    mass += p;
  }
  return mass === 0 ? 0 : sum / mass;
}

/** The row with r^γ·(ℓ + ε₁·w_y·r) + λ·lse² as its loss. Terms: |x·f′(x)| of what is rounded on the way. */
function withTerms({ terms, labels, classWeights }: LossProblem, r: number, row: RowReference): RowReference {
  const { softcap, zLoss, focal, poly } = terms!;
  const { maximum, complement, argmax, probabilities, below } = row;
  const spread = Math.log1p(complement);
  const square = zLoss === 0 ? 0 : zLoss * row.lse ** 2;
  const squareTerms = zLoss === 0 ? 0 : zLoss * (Math.abs(maximum) + spread) ** 2;
  // A capped logit is wrong by an ulp of itself, wherever it stands below the largest.
  const slopes = row.targets.reduce((sum, _, j) => sum + Math.abs(bareSlope(row, j)), 0);
  const capTerms = softcap > 0 ? slopes * softcap : 0;
  const bareTerms = row.lossTerms * (1 + rise(row));
  if (focal === 0 && poly === 0) {
    return { ...row, loss: row.loss + square, lossTerms: bareTerms + capTerms + squareTerms };
  }
  const y = labels![r]!;
  const rest = y === argmax ? complement / (1 + complement) : 1 - probabilities[y]!;
  const label = labelTerms(rest, below[y]! + spread, terms!);
  const weight = classWeights?.[y] ?? 1;
  const own = label.power * (row.loss + weight * label.addend);
  const ownTerms = (1 + focal) * label.power * (bareTerms + Math.abs(weight * label.addend));
  const { factor } = label;
  return { ...row, loss: own + square, lossTerms: ownTerms + Math.abs(factor) * capTerms + squareTerms, factor };
}

/** (rank, entropy, margin), each with the size of its terms. */
function rowDiagnostics(problem: LossProblem, r: number, row: RowReference): readonly (readonly [number, number])[] {
  const { labels, probabilities, logits } = problem;
  const { positions, below, ignored, complement } = row;
  if (ignored) return [[-1, 1] as const, [0, 0] as const, [0, 0] as const];
  if (below.length === 0) return [0, 1, 2].map(() => [Number.NaN, 0] as const);
  const q = positions.map((position) => probabilities?.[position] ?? 0);
  const y = labels ? labels[r]! : q.indexOf(q.reduce((a, b) => Math.max(a, b)));
  const z = positions.map((position) => logits[position]!);
  const rank = z.filter((value, j) => value > z[y]! || (value === z[y] && j < y)).length;
  const entropy = compensatedSum();
  entropy.add(Math.log1p(complement));
  for (const [j, p] of row.probabilities.entries()) if (p > 0) entropy.addProduct(p, below[j]!);
  const nearest = below.reduce((a, b, j) => (j === y ? a : Math.min(a, b)), Number.POSITIVE_INFINITY);
  const margin = nearest - below[y]!;
  const size = Math.max(0, ...[nearest, below[y]!, Math.abs(row.maximum)].filter(Number.isFinite));
  return [[rank, rank] as const, [entropy.value(), entropy.value()] as const, [margin, size] as const];
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

/** u·(F·(S·p_j − T_j) + 2λ·lse·p_j)·∂z′/∂z. */
function rowGradient(
  problem: LossProblem,
  row: RowReference,
): { values: Float64Array; terms: Float64Array; scale: number } {
  const { targets, mass, probabilities, complement, upstream, factor, lse, positions, below } = row;
  const { terms: options = noTerms } = problem;
  const values = new Float64Array(problem.classes);
  const terms = new Float64Array(problem.classes);
  const pull = options.zLoss === 0 ? 0 : 2 * options.zLoss * lse;
  let largest = Math.max(1, Math.abs(mass)) * Math.max(1, Math.abs(factor)) + Math.abs(pull);
  for (const target of targets) largest = Math.max(largest, Math.abs(factor * target));
  const scale = Math.abs(upstream) * largest * Math.max(1, options.inverseTemperature);
  if (row.ignored) return { values, terms, scale: scale || 1 };
  const oneHot = problem.labels !== undefined && (problem.smoothing ?? 0) === 0;
  for (let j = 0; j < problem.classes; j++) {
    const share = mass * probabilities[j]!;
    const bare = bareSlope(row, j);
    const slope = upstream * logitSlope(problem.logits[positions[j]!]!, options);
    values[j] = slope * (factor * bare + (pull === 0 ? 0 : pull * probabilities[j]!));
    terms[j] = oneHot ? Math.abs(values[j]!) : Math.abs(upstream) * Math.max(Math.abs(share), Math.abs(targets[j]!));
    if (problem.terms === undefined) continue;
    // What is rounded: the distance below the largest, which goes into an exp, and m, which goes into lse.
    const distance = (Number.isFinite(below[j]!) ? below[j]! : 0) + rise(row) + options.softcap;
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
