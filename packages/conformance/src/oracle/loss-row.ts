/** One row of the loss in float64 with compensated sums, as mathematics: what every quantity of it follows from. */
import { compensatedSum } from "./compensated-sum.ts";
import { labelTerms } from "./label-terms.ts";
import { belowTop, noTerms, scaledLogit, type Terms } from "./scaled-logits.ts";

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

/** One row: logits, targets, and what follows from them. */
export interface RowReference {
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

/** Everything about row `r` of the problem but its gradient. */
export function rowReference(problem: LossProblem, r: number): RowReference {
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

/** S·p_j − T_j; at the first maximum without cancellation, (Σ_{j≠k} T_j − T_k·s′)/(1 + s′). */
export function bareSlope({ targets, mass, probabilities, argmax, complement }: RowReference, j: number): number {
  if (j !== argmax) return mass * probabilities[j]! - targets[j]!;
  const others = compensatedSum();
  for (let i = 0; i < targets.length; i++) if (i !== argmax) others.add(targets[i]!);
  return (others.value() - targets[j]! * complement) / (1 + complement);
}

/** How far below the largest the other classes stand on the average: an exp is wrong by as many ulps of its argument. */
export function rise({ probabilities, argmax, below }: RowReference): number {
  let [sum, mass] = [0, 0];
  for (const [j, p] of probabilities.entries()) {
    if (j === argmax || !(p > 0)) continue;
    sum += p * below[j]!;
    mass += p;
  }
  return mass === 0 ? 0 : sum / mass;
}

function total(values: Float64Array): number {
  const sum = compensatedSum();
  for (const value of values) sum.add(value);
  return sum.value();
}
