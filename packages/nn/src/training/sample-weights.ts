import { OptionError, ShapeError } from "@surprisal/core";
import { type Examples, inOrder, packedRows, type Rows } from "./examples.ts";

/** A weight for each class: by index, or by class; 1 where none is given (Keras' `class_weight`). */
export type ClassWeights = Readonly<Record<number, number>> | readonly number[];

/**
 * What each row weighs: its own weight times that of its class. `undefined` where all weigh the same.
 * @throws ShapeError for another number of weights than rows, OptionError for one that is not finite and ≥ 0
 */
export function rowWeights(
  op: string,
  y: Rows,
  sampleWeight: Examples | undefined,
  classWeight: ClassWeights | undefined,
): Float64Array | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const weights = new Float64Array(y.count).fill(1);
  if (sampleWeight !== undefined) {
    const own = packedRows(op, "sampleWeight", sampleWeight);
    const { data, shape } = own.take(inOrder(own.count));
    if (shape.length !== 1 || own.count !== y.count) {
      throw new ShapeError(`${op}: sampleWeight [${shape.join(", ")}] is one number for each of the ${y.count} rows`);
    }
    for (let i = 0; i < y.count; i++) weights[i]! *= checked(op, "sampleWeight", data[i]!);
  }
  if (classWeight !== undefined) {
    for (const [i, label] of classesOf(y).entries()) {
      weights[i]! *= checked(op, "classWeight", (classWeight as Record<number, number>)[label] ?? 1);
    }
  }
  return weights;
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

function checked(op: string, name: string, weight: number): number {
  if (typeof weight === "number" && weight >= 0 && weight < Number.POSITIVE_INFINITY) return weight;
  throw new OptionError(`${op}: a ${name} is a finite number ≥ 0, not ${String(weight)}`);
}
