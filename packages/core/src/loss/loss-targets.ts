import { LabelError, OptionError, ShapeError, ValueError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { type Integers, integers } from "../integers.ts";
import { runtimeOf } from "../ops/apply.ts";
import { checkKeys } from "../options.ts";
import { type Shape, sameShape, show, sizeOf } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import type { LogitsLike } from "./class-axis.ts";
import type { LossOptions, Targets } from "./loss-options.ts";

/** Targets as they were checked: labels or probabilities. */
interface CheckedTargets {
  /** −1 for an ignored one; the caller's array where none is. */
  readonly labels: ArrayLike<number> | undefined;
  /** The same labels, where any is ignored. */
  readonly marks: Int32Array | undefined;
  /** How many labels are ignored. */
  readonly ignored: number;
  readonly probabilities: Tensor | undefined;
}

/** Checks labels or probabilities against the logits; ignored labels become −1, in a copy. */
export function checkedTargets(
  op: string,
  logits: LogitsLike,
  targets: Targets,
  batch: Shape,
  classes: number,
  ignoreIndex: LossOptions["ignoreIndex"],
): CheckedTargets {
  const remedy = "pass { labels } (class indices on the host) or { probabilities } (a tensor like the logits)";
  if (typeof targets !== "object" || targets === null || targets instanceof Tensor || "length" in targets) {
    throw new ValueError(`${op}: targets are an object: ${remedy}, not ${nameOf(targets)}`);
  }
  checkKeys(op, targets, ["labels", "probabilities"]);
  const { labels, probabilities } = targets;
  if ((labels === undefined) === (probabilities === undefined))
    throw new ValueError(`${op}: targets need exactly one of the two: ${remedy}`);
  if (labels !== undefined) return checkedLabels(op, labels, batch, classes, ignoreIndex);
  logits.runtime.assertSame(op, runtimeOf(op, [probabilities!]));
  if (!sameShape(probabilities!.shape, logits.shape)) {
    throw new ShapeError(
      `${op}: probabilities ${show(probabilities!.shape)} and logits ${show(logits.shape)} must have one shape`,
    );
  }
  checkedIgnoreIndex(op, ignoreIndex);
  return { labels: undefined, marks: undefined, ignored: 0, probabilities };
}

function checkedLabels(
  op: string,
  labels: Integers,
  batch: Shape,
  classes: number,
  ignoreIndex: LossOptions["ignoreIndex"],
): CheckedTargets {
  const { data, shape } = integers(op, "label", labels, classes);
  const rows = sizeOf(batch);
  const flat = shape.length <= 1 && data.length === rows;
  if (!flat && !sameShape(shape, batch)) {
    throw new ShapeError(
      `${op}: labels ${show(shape)} do not fit the batch ${show(batch)} of the logits ${show([...batch, classes])}: one label a row`,
    );
  }
  const ignoredLabels = checkedIgnoreIndex(op, ignoreIndex);
  let marks: Int32Array | undefined;
  let ignored = 0;
  for (let row = 0; row < rows; row++) {
    const label = data[row]!;
    if (ignoredLabels?.has(label)) {
      marks ??= new Int32Array(data);
      marks[row] = -1;
      ignored++;
    } else if (!(label >= 0 && label < classes)) throw labelOutside(op, label, row, classes);
  }
  return { labels: marks ?? data, marks, ignored, probabilities: undefined };
}

function labelOutside(op: string, label: number, row: number, classes: number): LabelError {
  return new LabelError(
    `${op}: label ${label} at row ${row} is outside 0 … ${classes - 1} (${classes} classes); if it marks rows to skip, pass { ignoreIndex: ${label} }`,
    row,
    label,
    classes,
  );
}

function checkedIgnoreIndex(op: string, ignoreIndex: LossOptions["ignoreIndex"]): Set<number> | undefined {
  if (ignoreIndex === undefined) return undefined;
  const set = new Set(Array.isArray(ignoreIndex) ? (ignoreIndex as number[]) : [ignoreIndex as number]);
  for (const label of set) {
    if (!Number.isSafeInteger(label))
      throw new OptionError(`${op}: ignoreIndex is a whole number or an array of them, not ${nameOf(label)}`);
  }
  return set;
}
