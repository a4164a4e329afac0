/**
 * The loss of a linear layer in float64: the logits of the definition, the rows of the oracle of the loss, the products of
 * their gradient. Scales say what an error of one unit in every logit, of scale Z = Σ|x|·|w| + |b|, does to each output.
 */
import type { Expected } from "../comparison.ts";
import { gemm } from "./reduction.ts";
import { type LossProblem, softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

/** The inputs of the kernel `linearCrossEntropy`, as numbers. */
export interface LinearLossProblem extends Omit<LossProblem, "logits" | "inner"> {
  /** Length of a row of X. */
  readonly inputs: number;
  readonly x: ArrayLike<number>;
  readonly w: ArrayLike<number>;
  readonly b?: ArrayLike<number> | undefined;
  /** W is stored [classes, inputs]; false if absent. */
  readonly transW?: boolean;
}

/** What the kernel gives. */
export type LinearLossReference = Readonly<Record<"rowLoss" | "state" | "dx" | "dw" | "db", Required<Expected>>>;

const once = { batch: 1, transA: false, transB: false, accumulate: false };

/** Losses, states and gradients. */
export function linearCrossEntropy(problem: LinearLossProblem): LinearLossReference {
  const { rows, classes, inputs, x, w, b, transW = false } = problem;
  const product = gemm(x, w, undefined, { ...once, m: rows, n: classes, k: inputs, transB: transW });
  const logits = Float64Array.from(product.values, (value, d) => value + (b?.[d % classes] ?? 0));
  const size = listed(product.scale).map((scale, d) => scale + Math.abs(b?.[d % classes] ?? 0));
  const { rowLoss, state, gradient } = softmaxCrossEntropy({ ...problem, logits });
  const largest = Float64Array.from({ length: rows }, (_, r) =>
    size.slice(r * classes, (r + 1) * classes).reduce((a, z) => Math.max(a, z), 1),
  );
  const bound = slopeBounds(problem, logits, size, gradient);
  const [g, mass] = [gradient.values, listed(gradient.scale)];
  const ofRows = listed(rowLoss.scale);
  const u = (r: number): number => Math.abs((problem.scale ?? 1) * (problem.rowScale?.[r] ?? 1)) || 1;
  const ofX = { ...once, m: rows, n: inputs, k: classes, transB: !transW };
  const ofW = { ...once, m: transW ? classes : inputs, n: transW ? inputs : classes, k: rows, transA: true };
  const ofB = { ...once, m: 1, n: classes, k: rows };
  const ones = new Float64Array(rows).fill(1);
  const pair = (first: ArrayLike<number>, last: ArrayLike<number>) =>
    (transW ? [last, first] : [first, last]) as [ArrayLike<number>, ArrayLike<number>];
  const judged = (value: Required<Expected>, scale: Required<Expected>): Required<Expected> => {
    const sizes = listed(scale.values).map((one) => one || 1);
    return { values: value.values, scale: sizes, terms: sizes };
  };
  return {
    // The sum of the slopes of a row is at most twice its largest; the gradient's scale holds it, times u.
    rowLoss: withSize(rowLoss, (r) => ofRows[r]! + 2 * (mass[r * classes]! / u(r)) * largest[r]!),
    state: withSize(
      state,
      (d) => (1 + Math.abs(state.values[3 * Math.floor(d / 3) + 2]!)) * 2 * largest[Math.floor(d / 3)]!,
    ),
    dx: judged(gemm(g, w, undefined, ofX), gemm(bound, absolute(w), undefined, ofX)),
    dw: judged(gemm(...pair(x, g), undefined, ofW), gemm(...pair(absolute(x), bound), undefined, ofW)),
    db: judged(gemm(ones, g, undefined, ofB), gemm(ones, bound, undefined, ofB)),
  };
}

/** By how much each ∂ℓ/∂z_j may move: by its own terms, and by p_j·(Z_j + Σ_i p_i·Z_i) where the logits do. */
function slopeBounds(
  problem: LinearLossProblem,
  logits: Float64Array,
  size: readonly number[],
  gradient: Required<Expected>,
): Float64Array {
  const { rows, classes, terms } = problem;
  const bounds = new Float64Array(rows * classes);
  const [own, scale] = [listed(terms === undefined ? gradient.terms : gradient.scale), listed(gradient.scale)];
  for (let r = 0; r < rows; r++) {
    const at = (j: number): number => r * classes + j;
    const top = logits.subarray(at(0), at(classes)).reduce((a, z) => Math.max(a, z), Number.NEGATIVE_INFINITY);
    const powers = Array.from({ length: classes }, (_, j) => Math.exp(logits[at(j)]! - top));
    const whole = powers.reduce((a, power) => a + power, 0);
    const mean = powers.reduce((a, power, j) => a + (power / whole) * size[at(j)]!, 0);
    for (let j = 0; j < classes; j++) {
      // With further terms the curvature has more parts; all are of the gradient's scale.
      const share = terms === undefined ? powers[j]! / whole : 4;
      const moved = scale[at(j)]! * share * (size[at(j)]! + mean);
      bounds[at(j)] = problem.labels?.[r] === -1 ? 0 : own[at(j)]! + moved;
    }
  }
  return bounds;
}

function withSize({ values }: Required<Expected>, size: (d: number) => number): Required<Expected> {
  const sizes = Array.from(values, (_, d) => size(d));
  return { values, scale: sizes, terms: sizes };
}

/** The oracle's own lists, one number for each element. */
const listed = (list: Expected["scale"]): number[] => Array.from(list as ArrayLike<number>);

const absolute = (list: ArrayLike<number>): Float64Array => Float64Array.from(list, Math.abs);
