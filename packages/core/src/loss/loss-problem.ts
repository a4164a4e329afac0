import type { LossTerms } from "../backend.ts";
import { OptionError, ShapeError, ValueError } from "../errors.ts";
import { type HostValues, hostTensor, nameOf } from "../host-values.ts";
import { runtimeOf } from "../ops/apply.ts";
import { checkKeys } from "../options.ts";
import { axisOf, type Shape, show, sizeOf, withoutAxis } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import type { LogitsLike } from "./class-axis.ts";
import { CHOOSY_OPTIONS, checkCombinations, type LossSetting } from "./legal-combinations.ts";
import { LOSS_OPTIONS, type LossOptionName, type LossOptions, type Reduction, type Targets } from "./loss-options.ts";
import { checkedTargets } from "./loss-targets.ts";
import { checkedTerms } from "./loss-terms.ts";
import { checkedDenominator, checkedRowWeights, type RowWeights, scaleOf, weightOf } from "./row-weights.ts";
import { checkDivisor, checkWeightProducts, isWithin, weightRange } from "./weight-range.ts";

/** A loss whose every argument was checked: what the kernel is called with, and what the host knows about it. */
export interface LossProblem {
  readonly op: string;
  /** The shape of the batch: the logits' without the class axis. */
  readonly batch: Shape;
  readonly rows: number;
  readonly classes: number;
  /** Where the class axis of the logits is, from the front. */
  readonly axis: number;
  /**
   * −1 for a row that is not read; absent with probabilities. The caller's own array where it may be read as it stands: what
   * outlives the call takes {@link withOwnLabels}.
   */
  readonly labels: ArrayLike<number> | undefined;
  /**
   * What says which rows are read, −1 being for those that are ignored or have the host weight 0: the labels, or beside
   * probabilities 0 and −1. Absent where all rows are.
   */
  readonly marks: Int32Array | undefined;
  readonly probabilities: Tensor | undefined;
  readonly classWeights: Float64Array | undefined;
  readonly smoothing: number;
  readonly reduction: Reduction;
  readonly rowWeights: RowWeights;
  /** What a mean divides by; nothing where only the device knows it. */
  readonly weight: number | undefined;
  /** What the sum of the rows is multiplied by: 1/weight (0 for weight 0) for a mean, else 1. */
  readonly scale: number;
  /** What the loss has beyond cross-entropy; absent where all of it is neutral and there is no temperature on the device. */
  readonly terms: LossTerms | undefined;
  /** A temperature on the device. */
  readonly temperature: Tensor | undefined;
}

/** Checks everything a loss is called with, before any kernel runs. */
export function lossProblem(
  op: string,
  logits: Tensor,
  targets: Targets,
  options: LossOptions,
  knownOptions: readonly string[] = LOSS_OPTIONS,
): LossProblem {
  runtimeOf(op, [logits]);
  return problemOf(op, logits, targets, options, knownOptions);
}

/** As {@link lossProblem}, for logits that need not exist. */
export function problemOf(
  op: string,
  logits: LogitsLike,
  targets: Targets,
  options: LossOptions,
  knownOptions: readonly string[],
): LossProblem {
  checkKeys(op, options, knownOptions);
  const { axis, classes, batch } = classAxis(op, logits, options.axis);
  const { ignoreIndex } = options;
  const checked = checkedTargets(op, logits, targets, batch, classes, ignoreIndex);
  const { labels, ignored, probabilities } = checked;
  const { floatBytes } = logits.runtime.facts;
  const classWeights = checkedClassWeights(op, options.classWeights, classes, floatBytes);
  const reduction = checkedReduction(op, options.reduction);
  const smoothing = checkedSmoothing(op, options.labelSmoothing);
  const { terms, temperature } = checkedTerms(op, options);
  if (temperature !== undefined) logits.runtime.assertSame(op, runtimeOf(op, [temperature]));
  const rowWeights = checkedRowWeights(op, options.rowWeights, logits, batch);
  const denominator = checkedDenominator(op, options.denominator);
  const given = givenOptions(options);
  if (given.length > 0) checkCombinations(op, given, settingsOf(labels, smoothing, classWeights, reduction));
  const rows = sizeOf(batch);
  checkWeightProducts(op, rowWeights.host, { labels, classWeights, smoothing }, floatBytes);
  const counted = { rows, ignored, labels, classWeights, weights: rowWeights };
  const weight = reduction === "mean" ? weightOf(op, denominator, counted) : undefined;
  checkDivisor(op, weight, floatBytes);
  const marks = rowWeights.host?.includes(0) ? marksBy(rowWeights.host, labels) : checked.marks;
  return {
    op,
    batch,
    rows,
    classes,
    axis,
    labels: labels && (marks ?? labels),
    marks,
    probabilities,
    classWeights,
    smoothing,
    reduction,
    rowWeights,
    weight,
    scale: scaleOf(reduction, weight),
    terms,
    temperature,
  };
}

/** The same for a recording to keep: its labels are nobody's who might change them. */
export function withOwnLabels(problem: LossProblem): LossProblem {
  const { labels, marks } = problem;
  return labels === undefined || labels === marks ? problem : { ...problem, labels: new Int32Array(labels) };
}

/** The class axis of logits, and the batch that the other axes are. */
function classAxis(op: string, logits: LogitsLike, wanted = -1): { axis: number; classes: number; batch: Shape } {
  const rank = logits.shape.length;
  if (rank === 0) throw new ShapeError(`${op}: logits are a scalar []; they are [..., classes]`);
  if (typeof wanted !== "number") throw new OptionError(`${op}: axis is a whole number, not ${nameOf(wanted)}`);
  const axis = axisOf(op, wanted, rank);
  const classes = logits.shape[axis]!;
  if (classes === 0) {
    const place = wanted === -1 ? "the last axis" : `axis ${wanted}`;
    throw new ShapeError(`${op}: logits ${show(logits.shape)} have no classes; ${place} is the class axis`);
  }
  if (classes > 2 ** 24) throw new ShapeError(`${op}: logits ${show(logits.shape)} have more than 2^24 classes`);
  return { axis, classes, batch: withoutAxis(logits.shape, axis) };
}

/** The options that do not go with everything, as far as they say something: neutral values may stand anywhere. */
export function givenOptions(options: LossOptions): LossOptionName[] {
  return CHOOSY_OPTIONS.filter((name) => options[name] !== undefined && options[name] !== neutral[name]);
}
const neutral: LossOptions = { labelSmoothing: 0, zLoss: 0, temperature: 1, focal: 0, poly: 0 };

function settingsOf(
  labels: ArrayLike<number> | undefined,
  smoothing: number,
  classWeights: Float64Array | undefined,
  reduction: Reduction,
): LossSetting[] {
  return [
    labels === undefined ? "probabilities" : "labels",
    ...(smoothing === 0 ? [] : (["smoothed"] as const)),
    ...(classWeights === undefined ? [] : (["weighted"] as const)),
    reduction,
  ];
}

/** A row of weight 0 is one that is not read. */
function marksBy(weights: Float64Array, labels: ArrayLike<number> | undefined): Int32Array {
  return Int32Array.from(weights, (weight, row) => (weight === 0 ? -1 : (labels?.[row] ?? 0)));
}

function checkedClassWeights(
  op: string,
  weights: HostValues | undefined,
  classes: number,
  floatBytes: 4 | 8,
): Float64Array | undefined {
  if (weights === undefined) return undefined;
  if (weights instanceof Tensor) {
    throw new ValueError(
      `${op}: classWeights are host data here, and this is ${weights}; pass an array or await x.data()`,
    );
  }
  const { data, shape } = hostTensor(`${op}: classWeights`, weights);
  if (shape.length !== 1 || data.length !== classes) {
    throw new ShapeError(`${op}: classWeights ${show(shape)} must be one weight for each of the ${classes} classes`);
  }
  const checked = Float64Array.from(data);
  const bad = checked.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (bad >= 0)
    throw new OptionError(`${op}: classWeights must be finite and ≥ 0, and class ${bad} has ${checked[bad]}`);
  const range = weightRange(floatBytes);
  const extreme = checked.find((weight) => !isWithin(weight, range));
  if (extreme !== undefined) {
    throw new OptionError(
      `${op}: classWeights on this device are 0 or from ${range.smallest} to ${range.largest}, and one is ${extreme}; scale them all, the mean stays the same`,
    );
  }
  return checked;
}

function checkedReduction(op: string, reduction: Reduction = "mean"): Reduction {
  if (reduction === "mean" || reduction === "sum" || reduction === "none") return reduction;
  throw new OptionError(`${op}: reduction is "mean", "sum" or "none", not ${nameOf(reduction)}`);
}

function checkedSmoothing(op: string, smoothing = 0): number {
  if (typeof smoothing === "number" && smoothing >= 0 && smoothing <= 1) return smoothing;
  throw new OptionError(`${op}: labelSmoothing is a number from 0 to 1, not ${nameOf(smoothing)}`);
}
