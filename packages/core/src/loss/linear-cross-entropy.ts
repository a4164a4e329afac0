/**
 * The loss of a linear layer as one op. With z = x·W + b, G = u·(S·p − T) row by row (docs/semantics.md §2):
 *
 *   ∂x = G·Wᵀ     ∂W = xᵀ·G     ∂b = Σ_rows G
 *
 * z and G exist only for as many rows at a time as a number of bytes allows.
 */
import { OptionError, ShapeError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { runtimeOf, withTemporaries } from "../ops/apply.ts";
import { div } from "../ops/arithmetic.ts";
import { gather, scatterAdd } from "../ops/gather.ts";
import { reshape } from "../ops/reshape.ts";
import { checkKeys } from "../options.ts";
import { recordingsOf } from "../recording.ts";
import { show } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { finishedLinearLoss } from "./finished-linear-loss.ts";
import { checkCombinations } from "./legal-combinations.ts";
import { type LinearLoss, type LinearPoint, tensorsAt } from "./linear-loss.ts";
import { linearRows } from "./linear-rows.ts";
import { LOSS_OPTIONS, type LossOptions, type Targets } from "./loss-options.ts";
import { givenOptions, type LossProblem, problemOf, withOwnLabels } from "./loss-problem.ts";
import { unlessNeutral } from "./loss-terms.ts";
import { lossOfRows } from "./weighted-rows.ts";

/** What `linearCrossEntropy` takes: all of `softmaxCrossEntropy` but `axis`, and how the layer is computed. */
export interface LinearLossOptions extends Omit<LossOptions, "axis"> {
  /** W is stored [classes, inputs], as PyTorch does and as an embedding that the head shares (default false). */
  readonly transposeW?: boolean;
  /** The most bytes that logits may take at a time; one row is always allowed (default 32 MiB). */
  readonly maxBytes?: number;
}

const LINEAR_LOSS_OPTIONS = [...LOSS_OPTIONS, "transposeW", "maxBytes"];

const DEFAULT_BYTES = 2 ** 25;

/**
 * Softmax cross-entropy of x·W + b, with x [..., inputs], W [inputs, classes] and b [classes]:
 * `softmaxCrossEntropy(linear(x, w, b), targets, options)`, without ever holding the logits. For heads whose logits would
 * take more memory than all else.
 *
 * ```ts
 * const loss = linearCrossEntropy(x, w, b, { labels });
 * const tied = linearCrossEntropy(x, embedding, undefined, { labels }, { transposeW: true, ignoreIndex: -100 });
 * ```
 *
 * Differentiable, to any order, with respect to x, W, b, probabilities, and a temperature or row weights on the device. Where
 * a scalar loss is differentiated once, the forward pass finishes the gradients; else it keeps three numbers a row, and
 * the logits are computed again. Ignored rows, and those of host weight 0, are not computed at all.
 *
 * @returns a scalar, or with `reduction: "none"` one loss for each row, of the batch's shape
 * @throws LabelError, ShapeError, OptionError, ValueError before any kernel runs
 */
export function linearCrossEntropy(
  x: Tensor,
  w: Tensor,
  b: Tensor | undefined,
  targets: Targets,
  options: LinearLossOptions = {},
): Tensor {
  const op = "linearCrossEntropy";
  const runtime = runtimeOf(op, b === undefined ? [x, w] : [x, w, b]);
  checkKeys(op, options, LINEAR_LOSS_OPTIONS);
  const { transposeW: transW = false, maxBytes = DEFAULT_BYTES, ...lossOptions } = options;
  checkCombinations(op, givenOptions(lossOptions), ["linear"]);
  checkLayout(op, transW, maxBytes);
  const classes = checkedClasses(op, x, w, b, transW);
  const logits = { runtime, shape: [...x.shape.slice(0, -1), classes] };
  const problem = withOwnLabels(problemOf(op, logits, targets, lossOptions, LINEAR_LOSS_OPTIONS));
  return withTemporaries((temporary) => {
    const { rows, probabilities: q } = problem;
    const live = liveRows(problem);
    const flat = temporary(reshape(x, [rows, x.shape.at(-1)!]));
    const layer = tempered(problem, live === undefined ? flat : temporary(gather(flat, live)), b, temporary);
    const flatQ = q && temporary(reshape(q, [rows, classes]));
    const point: LinearPoint = { ...layer, w, q: flatQ && live ? temporary(gather(flatQ, live)) : flatQ };
    const loss: LinearLoss = { problem: withoutIgnored(problem, live), transW, maxBytes };
    if (finishesLayerGradients(loss.problem, point)) return finishedLinearLoss(loss, point);
    const computed = temporary(linearRows(loss, point));
    const all = live === undefined ? computed : temporary(scatterAdd(computed, live, rows));
    return lossOfRows(problem, reshape(all, problem.batch));
  });
}

function checkLayout(op: string, transW: unknown, maxBytes: unknown): void {
  if (typeof transW !== "boolean") throw new OptionError(`${op}: transposeW is true or false, not ${nameOf(transW)}`);
  if (typeof maxBytes === "number" && maxBytes > 0) return;
  throw new OptionError(`${op}: maxBytes is a number of bytes above 0, not ${nameOf(maxBytes)}`);
}

function checkedClasses(op: string, x: Tensor, w: Tensor, b: Tensor | undefined, transW: boolean): number {
  const [inputs, classes] = transW ? [w.shape[1], w.shape[0]] : w.shape;
  const fits = x.rank > 0 && w.rank === 2 && x.shape.at(-1) === inputs;
  if (fits && (b === undefined || (b.rank === 1 && b.size === classes))) return classes!;
  const layout = transW ? "[classes, inputs] (transposeW)" : "[inputs, classes]";
  throw new ShapeError(
    `${op}: x ${show(x.shape)} · w ${show(w.shape)}${b ? ` + b ${show(b.shape)}` : ""} do not fit; x is [..., inputs], w ${layout}, b [classes]`,
  );
}

/** The rows that count, or nothing if all do. */
function liveRows({ marks }: LossProblem): Int32Array | undefined {
  return marks && Int32Array.from(marks.keys()).filter((row) => marks[row]! >= 0);
}

/** The problem of the rows that count, in a batch of one axis. Weights on the device stay with the whole batch. */
function withoutIgnored(problem: LossProblem, live: Int32Array | undefined): LossProblem {
  const { rows, labels, rowWeights, terms } = problem;
  const count = live === undefined ? rows : live.length;
  const { host } = rowWeights;
  return {
    ...problem,
    batch: [count],
    rows: count,
    axis: 1,
    labels: live && labels ? live.map((row) => labels[row]!) : labels,
    marks: undefined,
    rowWeights: { ...rowWeights, host: live && host ? Float64Array.from(live, (row) => host[row]!) : host },
    terms: terms && unlessNeutral(terms),
    temperature: undefined,
  };
}

/** x/τ and b/τ for a temperature on the device, which the kernel does not take. */
function tempered(
  { temperature }: LossProblem,
  x: Tensor,
  b: Tensor | undefined,
  temporary: (tensor: Tensor) => Tensor,
): Pick<LinearPoint, "x" | "b"> {
  if (temperature === undefined) return { x, b };
  return { x: temporary(div(x, temperature)), b: b && temporary(div(b, temperature)) };
}

/** Whether the forward pass may hand out finished gradients: a scalar loss that is differentiated exactly once. */
function finishesLayerGradients({ reduction, rowWeights }: LossProblem, point: LinearPoint): boolean {
  if (reduction === "none" || rowWeights.device !== undefined) return false;
  const { q, ...layer } = point;
  const [only, ...others] = recordingsOf(tensorsAt(point));
  return (
    others.length === 0 && only?.persistent === false && recordingsOf(tensorsAt({ ...layer, q: undefined })).length > 0
  );
}
