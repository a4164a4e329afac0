import type { BinaryFunction, ReduceFunction, UnaryFunction } from "@surprisal/core";
import type { Expected } from "../comparison.ts";
import { binary, unary } from "./elementwise.ts";
import { reduce } from "./reduction.ts";

/** Numbers in a shape, row-major. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** What an op should give: numbers in a shape, with what they are judged by. */
export interface ExpectedArray extends Expected {
  readonly shape: readonly number[];
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** An array from a formula of the coordinates. */
export function fromCoordinates(
  shape: readonly number[],
  element: (coordinates: readonly number[]) => number,
): NdArray & ExpectedArray {
  const values = Float64Array.from({ length: sizeOf(shape) }, (_, d) => {
    let rest = d;
    const coordinates = shape.map(() => 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      coordinates[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return element(coordinates);
  });
  return { shape, data: values, values };
}

/** The element at coordinates that may have more axes in front; an axis of 1 is read at 0 (broadcasting). */
export function at({ shape, data }: NdArray, coordinates: readonly number[]): number {
  const own = coordinates.slice(coordinates.length - shape.length);
  return data[shape.reduce((d, axis, i) => d * axis + (axis === 1 ? 0 : own[i]!), 0)]!;
}

/** NumPy's broadcasting of shapes that fit. */
export function broadcastShape(...shapes: readonly (readonly number[])[]): readonly number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const axes = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    return axes.find((axis) => axis !== 1) ?? 1;
  });
}

/** `x` broadcast to a shape. */
export function stretch(x: NdArray, shape: readonly number[]): NdArray & ExpectedArray {
  return fromCoordinates(shape, (coordinates) => at(x, coordinates));
}

/** Axes in another order. */
export function permute(x: NdArray, order: readonly number[]): NdArray & ExpectedArray {
  return fromCoordinates(
    order.map((axis) => x.shape[axis]!),
    (coordinates) =>
      at(
        x,
        x.shape.map((_, axis) => coordinates[order.indexOf(axis)]!),
      ),
  );
}

/** What an elementwise function of one array gives. */
export function unaryOf(fn: UnaryFunction, alpha = 0, beta = 0): (x: NdArray) => ExpectedArray {
  return ({ shape, data }) => ({ shape, ...unary(data, { fn, alpha, beta, length: data.length }) });
}

/** What an elementwise function of two arrays gives, broadcast. */
export function binaryOf(fn: BinaryFunction, alpha = 1, beta = 1): (a: NdArray, b: NdArray) => ExpectedArray {
  return (a, b) => {
    const shape = broadcastShape(a.shape, b.shape);
    const flat = { outer: 1, axis: 1, inner: sizeOf(shape), aStrides: [0, 0, 1], bStrides: [0, 0, 1] } as const;
    return { shape, ...binary(stretch(a, shape).data, stretch(b, shape).data, { fn, alpha, beta, ...flat }) };
  };
}

/** What a reduction over axes (all if absent) gives. */
export function folded(fn: ReduceFunction, axes?: readonly number[], keepDims = false): (x: NdArray) => ExpectedArray {
  return (x) => {
    const gone = axes ?? x.shape.map((_, axis) => axis);
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !gone.includes(axis));
    const ordered = permute(x, [...kept, ...gone]);
    const outer = sizeOf(kept.map((axis) => x.shape[axis]!));
    const params = { fn, outer, axis: sizeOf(gone.map((axis) => x.shape[axis]!)), inner: 1 };
    const shape = keepDims
      ? x.shape.map((axis, i) => (gone.includes(i) ? 1 : axis))
      : kept.map((axis) => x.shape[axis]!);
    return { shape, ...reduce(ordered.data, params) };
  };
}
