import { OptionError, ShapeError } from "@surprisal/core";
import { type Examples, inOrder, packedRows, type Rows } from "./examples.ts";

/** A weight for each class: by index, or by class; 1 where none is given (Keras' `class_weight`). */
export type ClassWeights = Readonly<Record<number, number>> | readonly number[];

export interface DataSetWeights {
  readonly sampleWeight?: Examples | undefined;
  readonly classWeight?: ClassWeights | undefined;
}

/** The largest weight that a device computes with, by the bytes of its floats; the smallest beside 0 is 1 by that. */
const largestWeight = { 4: 2 ** 100, 8: 2 ** 1000 };

/**
 * What each row weighs: its own weight times that of its class. `undefined` where all weigh the same.
 * @throws ShapeError for another number of weights than rows, OptionError for one that is not finite and ≥ 0, or that the
 * device cannot compute with
 */
export function rowWeights(
  op: string,
  y: Rows,
  { sampleWeight, classWeight }: DataSetWeights,
  floatBytes: 4 | 8,
): Float64Array | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const own = sampleWeight === undefined ? undefined : weightsOfRows(op, sampleWeight, y.count);
  const byClass = (classWeight ?? {}) as Readonly<Record<number, number>>;
  const classes = classWeight === undefined ? undefined : classesOf(y);
  const largest = largestWeight[floatBytes];
  return Float64Array.from(inOrder(y.count), (row) => {
    const factors = [own?.[row] ?? 1, (classes && byClass[classes[row]!]) ?? 1] as const;
    const weight = factors[0] * factors[1];
    if (factors.includes(0) || (weight >= 1 / largest && weight <= largest)) return weight;
    const name = own && classes ? "sampleWeight times classWeight" : own ? "sampleWeight" : "classWeight";
    throw new OptionError(
      `${op}: ${name} of row ${row} is ${weight}, and on this device a weight is 0 or from ${(1 / largest).toPrecision(2)} to ${largest.toPrecision(2)}; scale them all: the loss is a mean by weights and stays the same`,
    );
  });
}

/** The weights of rows, as they were given. */
function weightsOfRows(op: string, sampleWeight: Examples, rows: number): ArrayLike<number> {
  const own = packedRows(op, "sampleWeight", sampleWeight);
  const { data, shape } = own.take(inOrder(own.count));
  if (shape.length !== 1 || own.count !== rows) {
    throw new ShapeError(
      `${op}: sampleWeight has shape [${shape.join(", ")}], and y ${rows} rows: give one number for each`,
    );
  }
  for (let i = 0; i < rows; i++) checked(op, `sampleWeight of row ${i}`, data[i]!);
  return data;
}

/** The class of each row: its index, or the largest of its distribution. */
function classesOf(y: Rows): number[] {
  const { data, shape } = y.take(inOrder(y.count));
  if (shape.length === 1) return Array.from(data);
  const classes = data.length / y.count;
  return Array.from(inOrder(y.count), (row) => {
    let best = 0;
    for (let j = 1; j < classes; j++) if (data[row * classes + j]! > data[row * classes + best]!) best = j;
    return best;
  });
}

/** Refuses weights of what is no class, and weights that are none. */
export function checkClassWeights(op: string, classWeight: ClassWeights): void {
  if (typeof classWeight !== "object" || classWeight === null) {
    throw new OptionError(
      `${op}: classWeight is a record of weights by class, or an array, not ${String(classWeight)}`,
    );
  }
  for (const [label, weight] of Object.entries(classWeight)) {
    if (!/^\d+$/.test(label)) {
      throw new OptionError(`${op}: classWeight has the key "${label}"; its keys are class indices, from 0`);
    }
    checked(op, `classWeight of class ${label}`, weight);
  }
}

function checked(op: string, name: string, weight: number): void {
  if (typeof weight === "number" && weight >= 0 && weight < Number.POSITIVE_INFINITY) return;
  throw new OptionError(`${op}: ${name} is ${String(weight)}, not a finite number ≥ 0`);
}
