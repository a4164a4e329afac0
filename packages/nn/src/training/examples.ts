import { type HostTensor, type NestedNumbers, type NumberArray, ShapeError, ValueError } from "@surprisal/core";

/**
 * Data of many rows, on the host: a flat array with its shape [rows, …], an array of numbers, nested arrays, or an array of
 * typed arrays. For embeddings, arrays of indices, which may have different lengths.
 */
export type Examples =
  | HostTensor
  | NumberArray
  | BigInt64Array
  | BigUint64Array
  | readonly (NestedNumbers | ArrayLike<number>)[];

/** Rows to take batches from. */
export interface Rows<T = HostTensor> {
  readonly count: number;
  /** The rows at these positions, in this order: copies, which the next call may overwrite. */
  take(positions: Uint32Array): T;
}

/** The positions 0 … count − 1. */
export function inOrder(count: number): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order;
}

/** Up to so many numbers a loop is faster than a view of them. */
const SHORT_ROW = 32;

/** Rows that stay as they are: bags of indices of any lengths. */
export function listedRows(op: string, what: string, values: Examples): Rows<unknown> {
  if (!Array.isArray(values)) return packedRows(op, what, values);
  return { count: values.length, take: (positions) => Array.from(positions, (position) => values[position]) };
}

/**
 * Rows of one shape, flat.
 * @throws ShapeError if they are ragged, ValueError for what are no numbers on the host
 */
export function packedRows(op: string, what: string, values: Examples): Rows<HostTensor> {
  const { data, shape } = packed(op, what, values);
  const [count, ...row] = shape as [number, ...number[]];
  const size = row.reduce((product, axis) => product * axis, 1);
  let rows = newLike(data, 0);
  return {
    count,
    take(positions) {
      // A batch is on its way to the device before the next one is taken: one buffer serves them all.
      if (rows.length !== positions.length * size) rows = newLike(data, positions.length * size);
      for (let i = 0; i < positions.length; i++) {
        const from = positions[i]! * size;
        if (size > SHORT_ROW) rows.set(data.subarray(from, from + size), i * size);
        else for (let j = 0; j < size; j++) rows[i * size + j] = data[from + j]!;
      }
      return { data: rows, shape: [positions.length, ...row] };
    },
  };
}

interface Packed {
  readonly data: NumberArray;
  readonly shape: readonly number[];
}

function packed(op: string, what: string, values: Examples): Packed {
  if (isNumbers(values)) return { data: values, shape: [values.length] };
  if (isBigInts(values)) return { data: Float64Array.from(values, Number), shape: [values.length] };
  if (Array.isArray(values)) return packedArrays(op, what, values);
  const given: Partial<HostTensor> = typeof values === "object" && values !== null ? (values as HostTensor) : {};
  if (typeof given.data === "function") {
    throw new ValueError(
      `${op}: ${what} is on the host, and this is a Tensor; batches are sent to the device as they come`,
    );
  }
  const { data, shape } = given;
  if (!Array.isArray(shape) || (!isNumbers(data) && !Array.isArray(data))) {
    throw new ValueError(`${op}: ${what} is { data, shape }, an array of numbers, or nested arrays, one for each row`);
  }
  const size = shape.reduce((product: number, axis: number) => product * axis, 1);
  if (shape.length === 0 || data.length !== size) {
    throw new ShapeError(
      `${op}: ${what} of shape [${shape.join(", ")}] has ${size} numbers, but ${data.length} were given`,
    );
  }
  return { data: isNumbers(data) ? data : Float64Array.from(data), shape };
}

function packedArrays(op: string, what: string, values: readonly unknown[]): Packed {
  const shape: number[] = [];
  for (let level: unknown = values; isList(level); level = level[0]) shape.push(level.length);
  const data = new Float64Array(shape.reduce((product, axis) => product * axis, 1));
  let next = 0;
  const visit = (item: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (typeof item !== "number") throw new ValueError(`${op}: ${what} holds ${typeof item}s, not numbers`);
      data[next++] = item;
      return;
    }
    if (!isList(item) || item.length !== shape[depth]) {
      const found = isList(item) ? `one of ${item.length}` : typeof item;
      throw new ShapeError(
        `${op}: ${what} is ragged: expected ${shape[depth]} values at depth ${depth}, found ${found}`,
      );
    }
    for (let i = 0; i < item.length; i++) visit(item[i], depth + 1);
  };
  visit(values, 0);
  return { data, shape };
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isNumbers(value);
}

function isNumbers(values: unknown): values is NumberArray {
  return viewOf(values) !== "" && viewOf(values) !== "DataView" && !isBigInts(values);
}

function isBigInts(values: unknown): values is BigInt64Array | BigUint64Array {
  return viewOf(values).startsWith("Big");
}

/** The class of a view of memory, of whatever realm; "" of anything else. */
function viewOf(values: unknown): string {
  return ArrayBuffer.isView(values) ? (values as NumberArray | DataView)[Symbol.toStringTag] : "";
}

function newLike(data: NumberArray, length: number): NumberArray {
  return new (data.constructor as new (length: number) => NumberArray)(length);
}
