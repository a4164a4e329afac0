import { LabelError, ValueError } from "./errors.ts";
import {
  hostTensor,
  isBigIntArray,
  isIntegerArray,
  isNumberArray,
  type NestedNumbers,
  type NumberArray,
  nameOf,
} from "./host-values.ts";
import type { Shape } from "./shape.ts";

/** Whole numbers on the host: labels or indices, in any typed array or in nested arrays. */
export type Integers = NumberArray | BigInt64Array | BigUint64Array | NestedNumbers;

/**
 * Reads host integers with their shape; an array of integers is not copied.
 * @param what "label" or "index", for errors
 * @param classes how many of them there are, for errors
 * @throws LabelError naming the first value that is no integer
 */
export function integers(
  op: string,
  what: string,
  values: Integers,
  classes: number,
): { data: ArrayLike<number>; shape: Shape } {
  if (isIntegerArray(values)) return hostTensor(op, values);
  if (isBigIntArray(values)) return { data: exactNumbers(op, what, values, classes), shape: [values.length] };
  if (!isNumberArray(values) && !Array.isArray(values) && typeof values !== "number") {
    throw new ValueError(
      `${op}: ${what} data is a typed array, an array or a number on the host, not ${nameOf(values)}`,
    );
  }
  const { data, shape } = hostTensor(op, values);
  const exact = Float64Array.from(data);
  const bad = exact.findIndex((value) => !Number.isInteger(value));
  if (bad >= 0) {
    throw new LabelError(
      `${op}: ${what} ${exact[bad]} at position ${bad} is not a whole number`,
      bad,
      exact[bad],
      classes,
    );
  }
  return { data: exact, shape };
}

function exactNumbers(op: string, what: string, values: BigInt64Array | BigUint64Array, classes: number): Float64Array {
  const exact = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    exact[i] = Number(values[i]!);
    if (!Number.isSafeInteger(exact[i])) {
      throw new LabelError(`${op}: ${what} ${values[i]} at position ${i} is beyond 2^53`, i, values[i], classes);
    }
  }
  return exact;
}
