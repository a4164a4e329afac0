import { ShapeError, ValueError } from "./errors.ts";

/** The lengths of a tensor's axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** The number of elements of a shape, or of its axes from `first` to before `end`: their product, 1 for none. */
export function sizeOf(shape: Shape, first = 0, end: number = shape.length): number {
  let size = 1;
  for (let i = first; i < end; i++) size *= shape[i]!;
  return size;
}

/** `[2, 3]`, as error messages print a shape. */
export function show(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Checks what a caller says is a shape: whole, non-negative axes whose product a float can count exactly. */
export function checkedShape(op: string, shape: unknown): Shape {
  if (!Array.isArray(shape)) throw new ValueError(`${op}: a shape is an array of whole numbers, not ${String(shape)}`);
  if (shape.length > 32) throw new ShapeError(`${op}: a tensor has at most 32 axes, not ${shape.length}`);
  for (const axis of shape) {
    if (!Number.isSafeInteger(axis) || axis < 0) {
      throw new ShapeError(`${op}: every axis of a shape is a whole number ≥ 0, not ${String(axis)} in ${show(shape)}`);
    }
  }
  const checked = Object.freeze([...(shape as number[])]);
  if (!Number.isSafeInteger(sizeOf(checked)))
    throw new ShapeError(`${op}: ${show(checked)} has too many elements to count`);
  return checked;
}

/** Refuses what is not an array of numbers, where one is expected: begins, sizes, orders of axes. */
export function checkList(op: string, what: string, list: unknown): void {
  if (Array.isArray(list) && list.every((item) => typeof item === "number")) return;
  throw new ValueError(`${op}: ${what} is an array of numbers, not ${JSON.stringify(list) ?? String(list)}`);
}

/** An axis counted from the end if negative, as a position in a shape of `rank` axes. */
export function axisOf(op: string, axis: number, rank: number): number {
  const position = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || position < 0 || position >= rank) {
    throw new ShapeError(
      rank === 0
        ? `${op}: a scalar has no axes, so there is no axis ${axis}`
        : `${op}: axis ${axis} does not exist in ${rank} axes; it is a whole number from ${-rank} to ${rank - 1}`,
    );
  }
  return position;
}

/** A shape without one of its axes. */
export function withoutAxis(shape: Shape, axis: number): Shape {
  const rest: number[] = [];
  for (let i = 0; i < shape.length; i++) if (i !== axis) rest.push(shape[i]!);
  return rest;
}

function positionsTo(rank: number): number[] {
  const positions: number[] = [];
  for (let i = 0; i < rank; i++) positions.push(i);
  return positions;
}

/** The axes named (all, if none are) as ascending positions. */
export function axesOf(op: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return positionsTo(rank);
  if (typeof axes !== "number" && !Array.isArray(axes)) {
    throw new ValueError(
      `${op}: axes are a number or an array of numbers, not ${JSON.stringify(axes) ?? String(axes)}`,
    );
  }
  if (typeof axes === "number") return [axisOf(op, axes, rank)];
  const positions = axes.map((axis) => axisOf(op, axis, rank));
  if (new Set(positions).size !== positions.length)
    throw new ShapeError(`${op}: an axis is named twice in ${show(positions)}`);
  return positions.sort((a, b) => a - b);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** The shape that NumPy's broadcasting gives two shapes: axes align at the end, an axis of 1 stretches. */
export function broadcastShape(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${op}: ${show(a)} and ${show(b)} do not broadcast: ${x} ≠ ${y}; each axis must be equal or 1`,
      );
    }
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

/** Strides with which a tensor of shape `from` is read as `to`: 0 where an axis stretches. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((axis, i) => (i < missing || (from[i - missing] === 1 && axis !== 1) ? 0 : own[i - missing]!));
}
