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
 * Reads host integers with their shape. A typed array of numbers is not copied, unless another thread may change it
 * after it was checked.
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
  if (isBigIntArray(values)) return { data: exactNumbers(op, what, values, classes), shape: [values.length] };
  const isTyped = isNumberArray(values);
  if (!isTyped && !Array.isArray(values) && typeof values !== "number") {
    throw new ValueError(
      `${op}: ${what} data is a typed array, an array or a number on the host, not ${nameOf(values)}`,
    );
  }
  const { data: given, shape } = hostTensor(op, values);
  const data = isTyped ? still(given as NumberArray) : given;
  if (isIntegerArray(data)) return { data, shape };
  for (let i = 0; i < data.length; i++) {
    if (Number.isInteger(data[i])) continue;
    throw new LabelError(`${op}: ${what} ${data[i]} at position ${i} is not a whole number`, i, data[i], classes);
  }
  return { data, shape };
}

/** So few are kept inside the array by an engine: to make the buffer that tells whether it is shared costs more than a copy. */
const FEW = 16;

/** Copies any typed array. Node's Buffers have a `slice` of their own, which copies nothing. */
const { slice } = Object.getPrototypeOf(Uint8Array.prototype) as Int32Array;

/** The numbers where only this thread can change them: themselves, or a copy. */
function still(numbers: NumberArray): NumberArray {
  if (numbers.length === 0) return numbers;
  const isOwn = numbers.length > FEW && numbers.buffer[Symbol.toStringTag] !== "SharedArrayBuffer";
  return isOwn ? numbers : slice.call(numbers);
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
