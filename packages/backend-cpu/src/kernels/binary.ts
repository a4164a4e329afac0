import type { BinaryParams } from "@surprisal/core";
import { RUN } from "./block-sizes.ts";
import { binaryCodes } from "./function-codes.ts";
import { grainFor, type KernelTable, type Phase } from "./phase.ts";

/** Rows shorter than this share a block, at the price of laying out what they broadcast. */
const SHORT_ROW = 64;

export const binary: KernelTable["binary"] = ({ y }, { a, b }, params) => {
  const [outer, axis, inner] = merged(params);
  const rows = outer.size * axis.size;
  if (rows * inner.size === 0) return [];
  const rowsPerBlock = inner.size < SHORT_ROW ? Math.floor(RUN / inner.size) : 1;
  const pieces = Math.ceil(inner.size / RUN);
  return [
    {
      run: "binary",
      args: [
        binaryCodes[params.fn],
        y.address,
        a.address,
        b.address,
        params.alpha,
        params.beta,
        rows,
        axis.size,
        inner.size,
        outer.a,
        axis.a,
        inner.a,
        outer.b,
        axis.b,
        inner.b,
        rowsPerBlock,
        pieces,
      ],
      blocks: Math.ceil(rows / rowsPerBlock) * pieces,
      grain: grainFor(rowsPerBlock * Math.min(inner.size, RUN)),
    },
  ];
};

/** `fn` of operands that are laid out as y, with `length` elements. */
export function oneRun(
  fn: number,
  y: number,
  a: number,
  b: number,
  alpha: number,
  beta: number,
  length: number,
): readonly Phase[] {
  const pieces = Math.ceil(length / RUN);
  const args = [fn, y, a, b, alpha, beta, 1, 1, length, 0, 0, 1, 0, 0, 1, 1, pieces];
  return [{ run: "binary", args, blocks: pieces, grain: grainFor(RUN) }];
}

/** An axis of y, with the strides of both operands along it. */
interface Axis {
  readonly size: number;
  readonly a: number;
  readonly b: number;
}

const NO_AXIS: Axis = { size: 1, a: 0, b: 0 };

/** Outer, axis and inner, with as few and as long axes as can be. */
function merged({ outer, axis, inner, aStrides, bStrides }: BinaryParams): readonly [Axis, Axis, Axis] {
  const first = { size: outer, a: aStrides[0], b: bStrides[0] };
  const second = { size: axis, a: aStrides[1], b: bStrides[1] };
  const third = { size: inner, a: aStrides[2], b: bStrides[2] };
  const end = joined(second, third);
  if (end) {
    const all = joined(first, end);
    return all ? [NO_AXIS, NO_AXIS, all] : [NO_AXIS, first, end];
  }
  const start = joined(first, second);
  return start ? [NO_AXIS, start, third] : [first, second, third];
}

/** Two neighbouring axes as one, if both operands run through them in one go. */
function joined(left: Axis, right: Axis): Axis | undefined {
  if (left.size === 1) return right;
  if (right.size === 1) return left;
  if (left.a !== right.a * right.size || left.b !== right.b * right.size) return undefined;
  return { size: left.size * right.size, a: right.a, b: right.b };
}
