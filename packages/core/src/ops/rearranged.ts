import type { RearrangeParams } from "../backend.ts";
import { ShapeError } from "../errors.ts";
import { type Shape, show } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply } from "./apply.ts";

/** How an output reads its input: index = offset + Σ d·strides where from ≤ d < to, else the background. */
export interface Reading {
  readonly strides: readonly number[];
  readonly offset: number;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** A reading that takes every element. */
export function readingAll(shape: Shape, strides: readonly number[], offset = 0): Reading {
  return { strides, offset, from: shape.map(() => 0), to: shape };
}

/** The `rearrange` kernel as an unrecorded op. */
export function rearranged(op: string, x: Tensor, shape: Shape, reading: Reading, background?: Tensor): Tensor {
  const params = merged(op, shape, reading);
  const inputs = background === undefined ? [x] : [x, background];
  return apply({
    op,
    inputs,
    shape,
    run: (y, handles, kernels) => kernels.rearrange({ y }, { x: handles[0], background: handles[1] }, params),
  });
}

/** Merges axes that are read as one, since the contract has at most five. */
function merged(op: string, shape: Shape, { strides, offset, from, to }: Reading): RearrangeParams {
  const dims: { length: number; stride: number; from: number; to: number }[] = [];
  for (let i = shape.length - 1; i >= 0; i--) {
    const axis = { length: shape[i]!, stride: strides[i]!, from: from[i]!, to: to[i]! };
    const whole = axis.from === 0 && axis.to === axis.length;
    if (axis.length === 1 && whole) continue;
    const inner = dims[0];
    const innerWhole = inner !== undefined && inner.from === 0 && inner.to === inner.length;
    if (innerWhole && axis.stride === inner.stride * inner.length) {
      dims[0] = {
        length: axis.length * inner.length,
        stride: inner.stride,
        from: axis.from * inner.length,
        to: axis.to * inner.length,
      };
    } else {
      dims.unshift(axis);
    }
  }
  if (dims.length === 0) dims.push({ length: 1, stride: 0, from: 0, to: 1 });
  if (dims.length > 5) {
    throw new ShapeError(
      `${op}: ${show(shape)} needs ${dims.length} separate axes; at most 5 are possible: reshape first`,
    );
  }
  return {
    dims: dims.map((d) => d.length),
    strides: dims.map((d) => d.stride),
    offset,
    from: dims.map((d) => d.from),
    to: dims.map((d) => d.to),
  };
}
