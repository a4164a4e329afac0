/**
 * The loss, as two ops of one kernel. With p = softmax(z), effective targets T and S = Σ_j T_j (docs/semantics.md
 * §2):
 *
 *   ℓ = Σ_{T_j≠0} T_j·(m − z_j) + S·log1p(s')     ∂ℓ/∂z_j = u·(S·p_j − T_j)     ∂ℓ/∂T_j = −u·log p_j
 *
 * The gradient is an op of its own, so that a second derivative starts from the exact first one.
 */
import { OptionError, ShapeError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { allocate, apply, runtimeOf, withTemporaries } from "../ops/apply.ts";
import { affine, mul } from "../ops/arithmetic.ts";
import { type Recording, record, recordingsOf, type Scaled, scaled } from "../recording.ts";
import { type Shape, sameShape, show } from "../shape.ts";
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
import { warnOfSoftmaxOutput } from "./softmax-output-warning.ts";

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
  warnOfSoftmaxOutput(op, logits);
  return withTemporaries((temporary) => {
    const allocated = (shape: Shape): Tensor => temporary(allocate(op, runtime, shape, region));
    const loss = onDevice(problem, region, temporary);
    const rowLoss = allocated(problem.batch);
    const gradient = finish ? allocated(logits.shape) : undefined;
    const state = recordings.length > 0 && !finish ? allocated([problem.rows, 3]) : undefined;
    runtime.kernels.softmaxCrossEntropy(
      { rowLoss: rowLoss.storage.handle, gradient: gradient?.storage.handle, state: state?.storage.handle },
      kernelInputs(loss, logits, problem.probabilities),
      kernelParams(problem, problem.scale),
    );
    const pullback = (g: Tensor, [z, q]: readonly Tensor[]) => [
      () => (gradient === undefined ? logitsGradient(loss, { z: z!, q, state }, g) : times(gradient, g)),
      () => probabilitiesGradient(loss, z!, g),
    ];
    const saved = [...uploadsOf(loss), gradient, state].filter((tensor) => tensor !== undefined);
    return record(inputs, reduced(problem, rowLoss), pullback, saved);
  });
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
  if (upstream instanceof Tensor) runtimeOf(op, [logits, upstream]);
  const expected = problem.reduction === "none" ? problem.batch : [];
  if (upstream instanceof Tensor && !sameShape(upstream.shape, expected)) {
    throw new ShapeError(
      `${op}: upstream ${show(upstream.shape)} must be ${show(expected)} for reduction "${problem.reduction}"`,
    );
  }
  const point = { z: logits, q: problem.probabilities, state: undefined };
  return withTemporaries((temporary) => {
    const loss = onDevice(problem, youngestRegion(inputsOf(problem, logits)), temporary);
    if (upstream instanceof Tensor) return gradientUnder(loss, point, upstream);
    return rowGradient(loss, point, undefined, problem.scale * upstream);
  });
}

function inputsOf({ probabilities }: LossProblem, logits: Tensor): Tensor[] {
  return probabilities === undefined ? [logits] : [logits, probabilities];
}

/** Whether the forward pass may hand out the finished gradient: a scalar loss that is differentiated exactly once. */
function finishesGradient(problem: LossProblem, logits: Tensor, recordings: readonly Recording[]): boolean {
  const [only] = recordings;
  return problem.reduction !== "none" && recordings.length === 1 && !only!.persistent && logits.tapes.includes(only!);
}

/** Σ rows · scale, or the rows themselves, as a tensor of its own. */
function reduced({ op, reduction, rows, scale }: LossProblem, rowLoss: Tensor): Tensor {
  if (reduction === "none") return rowLoss.alias(op, rowLoss.region);
  const params = { fn: "sum", outer: 1, axis: rows, inner: 1 } as const;
  const total = apply({
    op,
    inputs: [rowLoss],
    shape: [],
    run: (y, [x], kernels) => kernels.reduce({ y }, { x }, params),
  });
  return reduction === "sum" ? total : withTemporaries((temporary) => affine(temporary(total), scale, 0, op));
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
  return withTemporaries((temporary) => mul(temporary(rowGradient(loss, point, undefined, scale)), upstream));
}
