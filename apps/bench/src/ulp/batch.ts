import type { RandomNumbers } from "@surprisal/conformance";
import type { Backend } from "@surprisal/core";
import type { RowTarget } from "../loss-oracle.ts";
import type { RowClass } from "./row-classes.ts";

/** What the rows are to be: the forms of target that the kernel has. */
export type TargetKind = "labels" | "smoothed and weighted labels" | "probabilities";

export const targetKinds: readonly TargetKind[] = ["labels", "smoothed and weighted labels", "probabilities"];

/** Rows of one class, for one call of the kernel. */
export interface Batch {
  readonly kind: TargetKind;
  readonly rows: number;
  readonly classes: number;
  readonly logits: Float32Array;
  readonly labels: Int32Array;
  readonly probabilities: Float32Array | undefined;
  readonly classWeights: Float32Array | undefined;
  readonly smoothing: number;
}

export function makeBatch(
  kind: TargetKind,
  rowClass: RowClass,
  rows: number,
  classes: number,
  random: RandomNumbers,
): Batch {
  const logits = new Float32Array(rows * classes);
  const labels = new Int32Array(rows);
  for (let r = 0; r < rows; r++) {
    labels[r] = rowClass.fill(logits.subarray(r * classes, (r + 1) * classes), random);
  }
  const smoothed = kind === "smoothed and weighted labels";
  return {
    kind,
    rows,
    classes,
    logits,
    labels,
    probabilities: kind === "probabilities" ? distributions(labels, classes, random) : undefined,
    // Every fourth class counts for nothing.
    classWeights: smoothed
      ? Float32Array.from({ length: classes }, (_, j) => (j % 4 === 3 ? 0 : 0.25 + random.uniform()))
      : undefined,
    smoothing: smoothed ? [0.1, 0.01, 0.5, 1][random.integer(4)]! : 0,
  };
}

/** Rows that sum to nearly 1, a third of them 0; every fourth row is the label alone. */
function distributions(labels: Int32Array, classes: number, random: RandomNumbers): Float32Array {
  const all = new Float32Array(labels.length * classes);
  for (const [r, label] of labels.entries()) {
    const row = all.subarray(r * classes, (r + 1) * classes);
    if (r % 4 === 3) {
      row[label] = 1;
      continue;
    }
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += row[j] = (r + j) % 3 === 0 ? 0 : 0.01 + random.uniform();
    for (let j = 0; j < classes; j++) row[j]! /= sum || 1;
  }
  return all;
}

/** The target of row `r`, as the oracle takes it. T is written into `targets`. */
export function targetOf(batch: Batch, r: number, targets: Float64Array): RowTarget {
  const { kind, classes, labels, probabilities, classWeights, smoothing } = batch;
  const label = labels[r]!;
  if (kind === "labels") return { label };
  for (let j = 0; j < classes; j++) {
    const weight = classWeights?.[j] ?? 1;
    const share = probabilities ? probabilities[r * classes + j]! : j === label ? 1 : 0;
    targets[j] = weight * (smoothing / classes) + (share === 0 ? 0 : (1 - smoothing) * weight * share);
  }
  return { targets };
}

/** Row losses and gradients of a backend, with u = 1. */
export async function launch(
  backend: Backend,
  batch: Batch,
): Promise<{ rowLoss: ArrayLike<number>; gradient: ArrayLike<number> }> {
  const { kind, rows, classes, smoothing } = batch;
  const handles: unknown[] = [];
  const allocated = (type: "float" | "i32", length: number) => {
    const handle = backend.alloc(type, length);
    handles.push(handle);
    return handle;
  };
  const uploaded = (type: "float" | "i32", data: ArrayLike<number> | undefined) => {
    if (data === undefined) return undefined;
    const handle = allocated(type, data.length);
    backend.write(handle, data);
    return handle;
  };
  const outputs = { rowLoss: allocated("float", rows), gradient: allocated("float", rows * classes) };
  const inputs = {
    logits: uploaded("float", batch.logits),
    labels: kind === "probabilities" ? undefined : uploaded("i32", batch.labels),
    probabilities: uploaded("float", batch.probabilities),
    classWeights: uploaded("float", batch.classWeights),
  };
  backend.kernels.softmaxCrossEntropy(outputs, inputs, { rows, classes, inner: 1, smoothing, scale: 1 });
  const result = { rowLoss: await backend.read(outputs.rowLoss), gradient: await backend.read(outputs.gradient) };
  for (const handle of handles) backend.free(handle);
  return result;
}
