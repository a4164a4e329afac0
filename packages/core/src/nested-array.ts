import { type Shape, sizeOf } from "./shape.ts";

/** A number, or arrays of arrays of numbers. */
export type NestedArray = number | NestedArray[];

/** Flat numbers as nested arrays of a shape. */
export function nest(data: ArrayLike<number>, shape: Shape, offset = 0): NestedArray {
  if (shape.length === 0) return data[offset]!;
  const [length, ...rest] = shape;
  const step = sizeOf(rest);
  return Array.from({ length: length! }, (_, i) => nest(data, rest, offset + i * step));
}
