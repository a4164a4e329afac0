import { type HostTensor, type Integers, ValueError } from "@surprisal/core";

/** What embeddings look up: whole numbers on the host, nested arrays of them, or flat with a shape. */
export type Indices = Integers | HostTensor;

/** Whether integers come flat, with a shape beside them. */
export function hasShape(indices: unknown): indices is HostTensor {
  return typeof indices === "object" && indices !== null && "shape" in indices && "data" in indices;
}

/** Bags of indices, one for each row, flat: which index, and of which row. */
export interface FlatBags {
  readonly rows: number;
  readonly indices: readonly number[];
  readonly rowOf: readonly number[];
}

/**
 * Bags as one list: from arrays of any lengths, or a rectangle [rows, indices].
 * @throws ValueError for anything else
 */
export function flatBags(op: string, bags: readonly ArrayLike<number>[] | HostTensor): FlatBags {
  const lists = hasShape(bags) ? rectangle(op, bags) : bags;
  if (!Array.isArray(lists) || lists.some((bag) => typeof bag !== "object" || bag === null || !("length" in bag))) {
    throw new ValueError(`${op}: bags are an array of arrays of indices, one for each row: [[3, 1], [2]]`);
  }
  const indices: number[] = [];
  const rowOf: number[] = [];
  for (const [row, bag] of (lists as ArrayLike<number>[]).entries()) {
    for (let i = 0; i < bag.length; i++) {
      indices.push(bag[i]!);
      rowOf.push(row);
    }
  }
  return { rows: lists.length, indices, rowOf };
}

function rectangle(op: string, { data, shape }: HostTensor): ArrayLike<number>[] {
  const [rows, length] = shape;
  if (shape.length !== 2 || data.length !== rows! * length!) {
    throw new ValueError(`${op}: flat bags have a shape [rows, indices], not [${shape.join(", ")}]`);
  }
  return Array.from({ length: rows! }, (_, row) => Array.from({ length: length! }, (_, i) => data[row * length! + i]!));
}
