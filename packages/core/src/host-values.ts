import { ShapeError, ValueError } from "./errors.ts";
import { checkedShape, type Shape, show, sizeOf } from "./shape.ts";

/** Numbers with their shape, on the host: what `zeros` and the initialisers make and `device.tensor` takes. */
export interface HostTensor {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** A number, or arrays of arrays of numbers, all rows of one length. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** A view over numbers: any typed array but the 64-bit integers. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Anything a tensor can be made from. */
export type HostValues = NestedNumbers | NumberArray | HostTensor;

/** A host tensor of zeros; `zeros(2, 3)` has shape [2, 3]. */
export function zeros(...shape: number[]): HostTensor {
  return filledHost("zeros", shape, 0);
}

/** A host tensor of ones; `ones(2, 3)` has shape [2, 3]. */
export function ones(...shape: number[]): HostTensor {
  return filledHost("ones", shape, 1);
}

/** A host tensor with `value` everywhere. */
export function full(shape: Shape, value: number): HostTensor {
  return filledHost("full", shape, value);
}

function filledHost(op: string, shape: Shape, value: number): HostTensor {
  const checked = checkedShape(op, shape);
  try {
    return { shape: checked, data: new Float64Array(sizeOf(checked)).fill(value) };
  } catch {
    throw new ShapeError(`${op}: ${show(checked)} has ${sizeOf(checked)} elements, more than memory can hold`);
  }
}

/**
 * Reads what a caller gave as values into flat data and a shape. A typed array is one axis unless `shape` says
 * otherwise; `shape` also reshapes nested arrays.
 */
export function hostTensor(op: string, values: HostValues, shape?: Shape): HostTensor {
  const { data, shape: own } = flatten(op, values);
  if (shape === undefined) return { data, shape: own };
  const wanted = checkedShape(op, shape);
  if (sizeOf(wanted) !== data.length) {
    throw new ShapeError(`${op}: shape ${show(wanted)} holds ${sizeOf(wanted)} numbers, but ${data.length} were given`);
  }
  return { data, shape: wanted };
}

function flatten(op: string, values: HostValues): HostTensor {
  if (typeof values === "number") return { data: [values], shape: [] };
  if (isNumberArray(values)) return { data: attached(op, values), shape: [values.length] };
  if (Array.isArray(values)) return flattenNested(op, values as readonly NestedNumbers[]);
  if (isHostTensor(values) && typeof values.data === "function") {
    throw new ValueError(`${op}: values are on the host, and this is a Tensor; copy it with await x.to(device)`);
  }
  if (isHostTensor(values)) {
    if (isHostTensor(values.data))
      throw new ValueError(`${op}: the data of a host tensor is an array, not another host tensor`);
    return hostTensor(op, values.data as HostValues, values.shape);
  }
  throw new ValueError(
    `${op}: values are numbers, nested arrays of numbers, or a typed array of numbers, not ${nameOf(values)}`,
  );
}

function isHostTensor(values: unknown): values is HostTensor {
  return typeof values === "object" && values !== null && "shape" in values && "data" in values;
}

/** A typed array whose buffer was not transferred elsewhere. */
function attached(op: string, values: NumberArray): NumberArray {
  if (values.length === 0) {
    try {
      new Uint8Array(values.buffer);
    } catch {
      throw new ValueError(
        `${op}: the ${values.constructor.name} is detached: its buffer was transferred elsewhere; copy it first`,
      );
    }
  }
  return values;
}

/** The class of a typed array of any realm, such as "Float32Array"; undefined of anything else. */
const typedArrayClass = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get as (this: unknown) => string | undefined;

/** Whether a value is a typed array of plain numbers (no BigInts, no DataView). */
export function isNumberArray(values: unknown): values is NumberArray {
  return typedArrayClass.call(values)?.startsWith("Big") === false;
}

/** Whether a value is a typed array of integers of at most 32 bits. */
export function isIntegerArray(values: unknown): values is Exclude<NumberArray, Float32Array | Float64Array> {
  const name = typedArrayClass.call(values);
  return name !== undefined && (name.startsWith("Int") || name.startsWith("Uint"));
}

/** Whether a value is one of the 64-bit integer arrays. */
export function isBigIntArray(values: unknown): values is BigInt64Array | BigUint64Array {
  return typedArrayClass.call(values)?.startsWith("Big") === true;
}

function flattenNested(op: string, values: readonly NestedNumbers[]): HostTensor {
  const shape: number[] = [];
  for (let level: NestedNumbers | undefined = values; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > 32) throw new ShapeError(`${op}: nested arrays deeper than 32 axes`);
  }
  const data: number[] = [];
  const visit = (item: unknown, depth: number): void => {
    if (depth < shape.length) {
      if (!Array.isArray(item) || item.length !== shape[depth]) {
        const found = Array.isArray(item) ? `one of length ${item.length}` : nameOf(item);
        throw new ShapeError(
          `${op}: ragged arrays: expected an array of length ${shape[depth]} at depth ${depth}, found ${found}`,
        );
      }
      for (const child of item) visit(child, depth + 1);
    } else if (typeof item !== "number") {
      throw new ValueError(`${op}: values are numbers, not ${nameOf(item)} (at position ${data.length})`);
    } else {
      data.push(item);
    }
  };
  visit(values, 0);
  return { data, shape };
}

/** A value's type in words, for error messages. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === "object") {
    const name = value.constructor?.name ?? "bare object";
    return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
  }
  return `the ${typeof value} ${String(value).slice(0, 40)}`;
}
