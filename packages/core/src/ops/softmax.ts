/** Softmax and its logarithms, from the row state (m, k, s') of the loss kernel: exact where exp(x)/Σ is not. */
import { ShapeError } from "../errors.ts";
import { checkKeys } from "../options.ts";
import { axesOf, axisOf, show, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply, composed, runtimeOf, upload, withTemporaries } from "./apply.ts";
import { add, affine, div, exp, log1p, mul, sub } from "./arithmetic.ts";
import { equal } from "./compare.ts";
import { argmax } from "./extremes.ts";
import { rememberLogits } from "./logits-behind.ts";
import { reshape } from "./reshape.ts";
import { select } from "./select.ts";
import { slice } from "./slice.ts";
import { type Axes, type ReduceOptions, sum } from "./sum.ts";
import { transpose } from "./transpose.ts";

/**
 * Probabilities along an axis (the last by default): p_j = e^(x_j − m)/(1 + s'), m = max x, s' = Σ_{j≠argmax} e^(x_j − m).
 * A row that is all −∞, or holds NaN or +∞, is NaN.
 *
 * ∂x = p·(g − Σ g·p), which does not change when a constant is added to a row of g: the likeliest class keeps its tiny
 * slope.
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  const probabilities = alongAxis("softmax", x, axis, (z) =>
    composed("softmax", [z], softmaxOf, (g, [input], p) => [() => mul(p, deviation(input!, p, g))]),
  );
  return rememberLogits(probabilities, "softmax", x, axis);
}

/**
 * log p along an axis (the last by default): (x_j − m) − log1p(s'); so the likeliest class keeps its tiny −s' where
 * log(softmax(x)) gives 0.
 *
 * ∂x = g − p·Σ g; at the likeliest class k as g_k·Σ_{j≠k} p_j − p_k·Σ_{j≠k} g_j, where nothing cancels.
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const logProbabilities = alongAxis("logSoftmax", x, axis, (z) =>
    composed("logSoftmax", [z], logSoftmaxOf, (g, [input]) => [() => logSoftmaxGradient(input!, g)]),
  );
  return rememberLogits(logProbabilities, "logSoftmax", x, axis);
}

/**
 * log Σ e^x over axes (all by default): m + log1p(s'). All −∞ gives −∞, a +∞ gives +∞ (`torch.logsumexp`).
 *
 * ∂x = g·softmax(x).
 */
export function logSumExp(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  runtimeOf("logSumExp", [x]);
  checkKeys("logSumExp", options, ["keepDims"]);
  const folded = axesOf("logSumExp", axes, x.rank);
  const keptAxes = [...x.shape.keys()].filter((i) => !folded.includes(i));
  const kept = keptAxes.map((i) => x.shape[i]!);
  const shape = options.keepDims ? x.shape.map((axis, i) => (folded.includes(i) ? 1 : axis)) : kept;
  return withTemporaries((temporary) => {
    const ordered = temporary(transpose(x, [...keptAxes, ...folded]));
    const rows = temporary(reshape(ordered, [...kept, sizeOf(folded.map((i) => x.shape[i]!))]));
    const y = composed("logSumExp", [rows], logSumExpOf, (g, [input]) => [
      () => mul(reshape(g, [...g.shape, 1]), softmax(input!)),
    ]);
    return reshape(temporary(y), shape);
  });
}

/** v − ⟨p, v⟩ in each row, with v's entry at the likeliest class taken off first: its deviation does not cancel. */
export function deviation(z: Tensor, p: Tensor, v: Tensor): Tensor {
  const c = sub(v, sum(select(likeliest(z), v, 0), -1, { keepDims: true }));
  return sub(c, sum(mul(p, c), -1, { keepDims: true }));
}

function logSoftmaxGradient(z: Tensor, g: Tensor): Tensor {
  const p = softmax(z);
  const top = likeliest(z);
  const others = (x: Tensor): Tensor => sum(select(top, 0, x), -1, { keepDims: true });
  const atTop = sub(mul(g, others(p)), mul(p, others(g)));
  return select(top, atTop, sub(g, mul(p, sum(g, -1, { keepDims: true }))));
}

/** 1 at the first largest logit of each row, 0 elsewhere. A constant to derivatives. */
function likeliest(z: Tensor): Tensor {
  const classes = z.shape.at(-1)!;
  const positions = Float64Array.from({ length: classes }, (_, j) => j);
  return equal(upload("softmax", z.region, positions, [classes]), reshape(argmax(z), [...z.shape.slice(0, -1), 1]));
}

function alongAxis(op: string, x: Tensor, axis: number, run: (z: Tensor) => Tensor): Tensor {
  runtimeOf(op, [x]);
  if (x.rank === 0) throw new ShapeError(`${op}: a scalar has no axis of classes; reshape it to [1]`);
  const position = axisOf(op, axis, x.rank);
  if (position === x.rank - 1) return run(x);
  const order = [...x.shape.keys()].filter((i) => i !== position).concat(position);
  const inverse = order.map((_, i) => order.indexOf(i));
  return withTemporaries((temporary) => transpose(temporary(run(temporary(transpose(x, order)))), inverse));
}

function softmaxOf(z: Tensor): Tensor {
  const { m, s } = rowState("softmax", z);
  return div(exp(sub(z, m)), affine(s, 1, 1));
}

function logSoftmaxOf(z: Tensor): Tensor {
  const { m, s } = rowState("logSoftmax", z);
  return sub(sub(z, m), log1p(s));
}

function logSumExpOf(z: Tensor): Tensor {
  const { m, s } = rowState("logSumExp", z);
  return reshape(select(equal(m, Number.POSITIVE_INFINITY), m, add(m, log1p(s))), z.shape.slice(0, -1));
}

/** The largest element m and the complement sum s' of each row, as [..., 1]. */
function rowState(op: string, z: Tensor): { m: Tensor; s: Tensor } {
  const classes = z.shape.at(-1)!;
  if (classes === 0) throw new ShapeError(`${op}: ${show(z.shape)} has an empty axis of classes`);
  if (classes > 2 ** 24) throw new ShapeError(`${op}: ${show(z.shape)} has more than 2^24 classes`);
  const rows = z.size / classes;
  const params = { rows, classes, inner: 1, smoothing: 0, scale: 1 };
  const state = apply({
    op,
    inputs: [z],
    shape: [rows, 3],
    run: (out, [logits], kernels) => kernels.softmaxCrossEntropy({ state: out }, { logits }, params),
  });
  const column = (i: number): Tensor => reshape(slice(state, [0, i], [rows, 1]), [...z.shape.slice(0, -1), 1]);
  return { m: column(0), s: column(2) };
}
