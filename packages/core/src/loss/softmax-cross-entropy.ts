/**
 * The loss, as two ops of one kernel. With p = softmax(z), effective targets T and S = Σ_j T_j (SEMANTICS §2 in
 * docs/semantics.md):
 *
 *   ℓ = Σ_{T_j≠0} T_j·(m − z_j) + S·log1p(s')     ∂ℓ/∂z_j = u·(S·p_j − T_j)     ∂ℓ/∂T_j = −u·log p_j
 *
 * The gradient is an op of its own, so that a second derivative starts from the exact first one.
 */
import { OptionError, ShapeError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { allocate, apply, runtimeOf } from "../ops/apply.ts";
import { affine, mul } from "../ops/arithmetic.ts";
import { type Recording, record, recordingsOf, type Scaled, scaled } from "../recording.ts";
import { sameShape, show } from "../shape.ts";
import { Tensor, youngestRegion } from "../tensor.ts";
import { LOSS_OPTIONS, type LossOptions, type LossProblem, lossProblem, type Targets } from "./loss-problem.ts";
import {
  kernelInputs,
  kernelParams,
  type LossOnDevice,
  type LossPoint,
  onDevice,
  probabilitiesGradient,
  rowGradient,
  uploadsOf,
} from "./row-gradient.ts";

/**
 * Softmax cross-entropy between logits [..., classes] and targets, exactly: in float32 a loss of 4e-22 is 4e-22, not 0.
 *
 * ```ts
 * const loss = softmaxCrossEntropy(logits, { labels: [2, 0, 1] });                 // mean over the rows
 * const rows = softmaxCrossEntropy(logits, { probabilities }, { reduction: "none" });
 * ```
 *
 * Differentiable, to any order, with respect to logits and probabilities. A single example is logits [classes] with one
 * label. An empty batch, or one whose rows are all ignored, has mean 0.
 *
 * @returns a scalar, or with `reduction: "none"` one loss for each row, of the batch's shape
 * @throws LabelError, ShapeError, OptionError, ValueError before any kernel runs
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Targets, options: LossOptions = {}): Tensor {
  const op = "softmaxCrossEntropy";
  const problem = lossProblem(op, logits, targets, options);
  const inputs = inputsOf(problem, logits);
  const runtime = runtimeOf(op, inputs);
  const region = youngestRegion(inputs);
  const recordings = recordingsOf(inputs);
  const finish = finishesGradient(problem, logits, recordings);
  const loss = onDevice(problem, region);
  const rowLoss = allocate(op, runtime, problem.batch, region);
  const gradient = finish ? allocate(op, runtime, logits.shape, region) : undefined;
  const state = recordings.length > 0 && !finish ? allocate(op, runtime, [problem.rows, 3], region) : undefined;
  runtime.kernels.softmaxCrossEntropy(
    { rowLoss: rowLoss.storage.handle, gradient: gradient?.storage.handle, state: state?.storage.handle },
    kernelInputs(loss, logits, problem.probabilities),
    kernelParams(problem, problem.scale),
  );
  const saved = [...uploadsOf(loss), gradient, state].filter((tensor) => tensor !== undefined);
  const pullback = (g: Tensor, [z, q]: readonly Tensor[]) => [
    () => (gradient === undefined ? logitsGradient(loss, { z: z!, q, state }, g) : times(gradient, g)),
    () => probabilitiesGradient(loss, z!, g),
  ];
  const value = record(inputs, reduced(problem, rowLoss), pullback, saved);
  for (const temporary of saved) temporary.dispose();
  return value;
}

export interface LossGradientOptions extends LossOptions {
  /**
   * The gradient of what follows: a number or scalar tensor for `"mean"` and `"sum"`, one of the batch's shape for
   * `"none"`. 1 if absent.
   */
  readonly upstream?: Tensor | number;
}

/**
 * The gradient of {@link softmaxCrossEntropy} with respect to the logits, u·(S·p − T), in one pass and without the loss.
 * Itself differentiable, with respect to logits, probabilities and `upstream`: its derivative is the exact
 * Hessian-vector product.
 *
 * @returns a tensor of the logits' shape
 */
export function softmaxCrossEntropyGradient(
  logits: Tensor,
  targets: Targets,
  options: LossGradientOptions = {},
): Tensor {
  const op = "softmaxCrossEntropyGradient";
  const problem = lossProblem(op, logits, targets, options, [...LOSS_OPTIONS, "upstream"]);
  const { upstream = 1 } = options;
  if (!(upstream instanceof Tensor) && typeof upstream !== "number") {
    throw new OptionError(`${op}: upstream is a number or a tensor, not ${nameOf(upstream)}`);
  }
  const expected = problem.reduction === "none" ? problem.batch : [];
  if (upstream instanceof Tensor && !sameShape(upstream.shape, expected)) {
    throw new ShapeError(
      `${op}: upstream ${show(upstream.shape)} must be ${show(expected)} for reduction "${problem.reduction}"`,
    );
  }
  const loss = onDevice(problem, youngestRegion(inputsOf(problem, logits)));
  const point = { z: logits, q: problem.probabilities, state: undefined };
  const gradient =
    upstream instanceof Tensor
      ? gradientUnder(loss, point, upstream)
      : rowGradient(loss, point, undefined, problem.scale * upstream);
  for (const upload of uploadsOf(loss)) upload.dispose();
  return gradient;
}

function inputsOf({ probabilities }: LossProblem, logits: Tensor): Tensor[] {
  return probabilities === undefined ? [logits] : [logits, probabilities];
}

/** Whether the forward pass may hand out the finished gradient: a scalar loss that is differentiated exactly once. */
function finishesGradient(problem: LossProblem, logits: Tensor, recordings: readonly Recording[]): boolean {
  const [only] = recordings;
  return problem.reduction !== "none" && recordings.length === 1 && !only!.persistent && logits.tapes.includes(only!);
}

/** Σ rows · scale, or the rows themselves. */
function reduced(problem: LossProblem, rowLoss: Tensor): Tensor {
  if (problem.reduction === "none") return rowLoss;
  const total = apply({
    op: problem.op,
    inputs: [rowLoss],
    shape: [],
    run: (y, [x], kernels) => kernels.reduce({ y }, { x }, { fn: "sum", outer: 1, axis: problem.rows, inner: 1 }),
  });
  rowLoss.dispose();
  if (problem.reduction === "sum") return total;
  const mean = affine(total, problem.scale, 0);
  total.dispose();
  return mean;
}

/** factor · tensor where the cotangent is known on the host, a product otherwise. */
function times(gradient: Tensor, g: Tensor): Tensor | Scaled {
  return g.uniform === undefined ? mul(gradient, g) : scaled(gradient, g.uniform);
}

/** The logits' gradient from the cotangent of the loss, by calling the kernel again. */
function logitsGradient(loss: LossOnDevice, point: LossPoint, g: Tensor): Tensor | Scaled {
  if (g.uniform === undefined) return gradientUnder(loss, point, g);
  return scaled(rowGradient(loss, point, undefined, loss.problem.scale), g.uniform);
}

/** The gradient under a tensor from upstream: one number a row, or one for all. */
function gradientUnder(loss: LossOnDevice, point: LossPoint, upstream: Tensor): Tensor {
  const { reduction, scale } = loss.problem;
  if (reduction === "none") return rowGradient(loss, point, upstream, scale);
  const unscaled = rowGradient(loss, point, undefined, scale);
  const gradient = mul(unscaled, upstream);
  unscaled.dispose();
  return gradient;
}
