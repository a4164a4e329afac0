/**
 * Row states as building blocks: chunks of the classes, on one device or several, give the loss of the whole row.
 * The state (m, k, s') of a row is its largest logit, the class where it is, and s' = Σ_{j≠k} e^(z_j − m).
 */
import { GradientError, OptionError, ShapeError } from "../errors.ts";
import { type HostValues, hostTensor, nameOf } from "../host-values.ts";
import { runtimeOf } from "../ops/apply.ts";
import { affine } from "../ops/arithmetic.ts";
import { less } from "../ops/compare.ts";
import { select } from "../ops/select.ts";
import { concat } from "../ops/slice.ts";
import { checkKeys } from "../options.ts";
import { recordingsOf } from "../recording.ts";
import { axisOf, sameShape, show, sizeOf, withoutAxis } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { columns, derivedState, kernelState, type StateProblem } from "./derived-state.ts";
import type { RowLossOptions } from "./loss-options.ts";
import { checkedTerms } from "./loss-terms.ts";
import { hostLosses, tensorLosses } from "./state-losses.ts";
import { withoutGradient } from "./without-gradient.ts";

export interface RowStatesOptions {
  /** The class that the first logit of the chunk stands for (default 0). */
  readonly classOffset?: number;
  /** The axis of the classes (default −1). */
  readonly axis?: number;
  readonly temperature?: number;
  readonly softcap?: number;
}

/**
 * (m, k, s') of every row of a chunk of the classes, [...batch, 3], k counted from the first class of all chunks. A row
 * of −∞ has the identity (−∞, −1, 0). Like an argmax it has no gradient.
 */
export function rowStates(logits: Tensor, options: RowStatesOptions = {}): Tensor {
  const op = "rowStates";
  runtimeOf(op, [logits]);
  checkKeys(op, options, ["classOffset", "axis", "temperature", "softcap"]);
  if ((options.temperature as unknown) instanceof Tensor)
    throw new OptionError(`${op}: temperature is a number here, not a tensor`);
  const { terms } = checkedTerms(op, options);
  const axis = axisOf(op, options.axis ?? -1, logits.rank);
  const classes = logits.shape[axis]!;
  const { classOffset = 0 } = options;
  if (!Number.isSafeInteger(classOffset) || classOffset < 0 || classOffset + classes > 2 ** 24) {
    throw new OptionError(
      `${op}: classOffset is a whole number ≥ 0, and with ${classes} classes at most 2^24 in all, not ${nameOf(classOffset)}`,
    );
  }
  if (classes === 0) throw new ShapeError(`${op}: logits ${show(logits.shape)} have no classes on axis ${axis}`);
  const batch = withoutAxis(logits.shape, axis);
  const rows = sizeOf(batch);
  const problem: StateProblem = { op, batch, rows, classes, axis, marks: undefined, terms, temperature: undefined };
  const { facts } = logits.runtime;
  const isKernels = (terms === undefined || facts.lossTerms === true) && (axis === logits.rank - 1 || facts.innerClass);
  return withoutGradient(op, [logits], (z) => {
    const state = isKernels ? kernelState(problem, z!) : derivedState(problem, z!);
    if (classOffset === 0) return state;
    const [m, k, rest] = columns(state, batch);
    return concat([m!, select(less(k!, 0), k!, affine(k!, 1, classOffset)), rest!], -1);
  });
}

export interface RowStateLossOptions extends Pick<RowLossOptions, "zLoss" | "softcap" | "focal" | "poly"> {
  readonly temperature?: number;
}

/**
 * The losses of rows from their merged states and the logit of each row's label: r^γ·(ν + ε₁·r) + λ·lse² with
 * ν = (m − z′_y) + log1p(s′), exactly also for confident rows, scaled or not: where s′ says that the label is k, m − z′_y
 * is 0 however the two were rounded. A row with the identity as state is NaN.
 *
 * For evaluation: the states of chunks have no gradient, so a tensor that is being differentiated is refused.
 * @param labelLogits the logits of the labels before temperature and cap, one a row
 */
export function lossFromRowStates(state: Tensor, labelLogits: Tensor, options?: RowStateLossOptions): Tensor;
export function lossFromRowStates(
  state: HostValues,
  labelLogits: HostValues,
  options?: RowStateLossOptions,
): Float64Array;
export function lossFromRowStates(
  state: Tensor | HostValues,
  labelLogits: Tensor | HostValues,
  options: RowStateLossOptions = {},
): Tensor | Float64Array {
  const op = "lossFromRowStates";
  checkKeys(op, options, ["temperature", "softcap", "zLoss", "focal", "poly"]);
  const { terms } = checkedTerms(op, options);
  if (state instanceof Tensor && labelLogits instanceof Tensor) {
    runtimeOf(op, [state, labelLogits]);
    if (recordingsOf([state, labelLogits]).length > 0) {
      throw new GradientError(
        `${op}: states of chunks have no gradient; differentiate softmaxCrossEntropy, or stopGradient the logits`,
      );
    }
    checkStates(op, state.shape, labelLogits.shape);
    return tensorLosses(op, state, labelLogits, terms);
  }
  const states = hostTensor(op, state as HostValues);
  const logits = hostTensor(op, labelLogits as HostValues);
  if (states.data.length !== 3 * logits.data.length) {
    throw new ShapeError(
      `${op}: ${states.data.length} numbers of states and ${logits.data.length} logits: 3 and 1 a row`,
    );
  }
  return hostLosses(states.data, logits.data, terms);
}

function checkStates(op: string, state: readonly number[], labelLogits: readonly number[]): void {
  if (state.at(-1) === 3 && sameShape(state.slice(0, -1), labelLogits)) return;
  throw new ShapeError(
    `${op}: states ${show(state)} and label logits ${show(labelLogits)}: they are [..., 3] and [...]`,
  );
}
