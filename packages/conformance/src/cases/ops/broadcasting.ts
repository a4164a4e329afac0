import type { BinaryFunction, Shape, Tensor } from "@surprisal/core";
import {
  add,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  maximum,
  minimum,
  mul,
  pow,
  sub,
} from "@surprisal/core/ops";
import type { Case } from "../../case.ts";
import { binaryOf, type ExpectedArray, type NdArray, unaryOf } from "../../oracle/nd-array.ts";
import type { Quantity } from "../../tolerance.ts";
import { type Application, type CasesByOp, type OpCases, type OpName, opCases } from "./op-case.ts";

/** Pairs of shapes that broadcast. */
const pairs: Readonly<Record<string, readonly [Shape, Shape]>> = {
  "one-shape": [
    [2, 3, 4],
    [2, 3, 4],
  ],
  "a-row": [[3, 4], [4]],
  "a-row-on-the-left": [[4], [3, 4]],
  "a-column": [
    [3, 4],
    [3, 1],
  ],
  "a-scalar": [[3, 4], []],
  "both-stretched": [
    [3, 1],
    [1, 4],
  ],
  "a-middle-axis": [
    [2, 3, 4],
    [2, 1, 4],
  ],
  // More axes than the kernel has strides for: core stretches the operands first.
  "four-axes-in-turn": [
    [2, 1, 3, 1],
    [1, 2, 1, 3],
  ],
  "five-axes-in-turn": [
    [2, 1, 2, 1, 3],
    [2, 1, 3, 1],
  ],
  nothing: [[0, 4], [4]],
};

interface Elementwise {
  readonly op: (a: Tensor | number, b: Tensor | number) => Tensor;
  readonly expected: (a: NdArray, b: NdArray) => ExpectedArray;
  readonly quantity: Quantity;
  readonly numbers?: Application["numbers"];
}

const positive: Application["numbers"] = (random) => 0.25 + 2 * random.uniform();
/** Few whole numbers, so that many pairs are equal. */
const ties: Application["numbers"] = (random) => random.integer(3) - 1;

const swapped =
  (fn: BinaryFunction): Elementwise["expected"] =>
  (a, b) =>
    binaryOf(fn)(b, a);

type ElementwiseOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "maximum"
  | "minimum"
  | "equal"
  | "less"
  | "lessEqual"
  | "greater"
  | "greaterEqual";

const elementwise: Readonly<Record<ElementwiseOp, Elementwise>> = {
  add: { op: add, expected: binaryOf("add"), quantity: "arithmetic" },
  sub: { op: sub, expected: binaryOf("add", 1, -1), quantity: "arithmetic" },
  mul: { op: mul, expected: binaryOf("mul"), quantity: "arithmetic" },
  div: { op: div, expected: binaryOf("div"), quantity: "division", numbers: positive },
  maximum: { op: maximum, expected: binaryOf("max"), quantity: "exact", numbers: ties },
  minimum: { op: minimum, expected: binaryOf("min"), quantity: "exact", numbers: ties },
  equal: { op: equal, expected: binaryOf("equal"), quantity: "exact", numbers: ties },
  less: { op: less, expected: binaryOf("less"), quantity: "exact", numbers: ties },
  lessEqual: { op: lessEqual, expected: binaryOf("lessEqual"), quantity: "exact", numbers: ties },
  greater: { op: greater, expected: swapped("less"), quantity: "exact", numbers: ties },
  greaterEqual: { op: greaterEqual, expected: swapped("lessEqual"), quantity: "exact", numbers: ties },
};

/** Broadcast operands, and a host number on either side. */
function casesOf(op: OpName, { op: apply, expected, quantity, numbers }: Elementwise): readonly Case[] {
  const number: NdArray = { shape: [], data: [0.75] };
  // A quotient or a sum with a number is two steps.
  const withNumber = quantity === "division" ? "derived" : quantity;
  const cases: OpCases = {
    ...Object.fromEntries(
      Object.entries(pairs).map(([name, shapes]) => [name, { shapes, apply, expected, quantity, numbers }]),
    ),
    "a-number-on-the-right": {
      shapes: [[3, 4]],
      apply: (x) => apply(x!, 0.75),
      expected: (x) => expected(x!, number),
      quantity: withNumber,
      numbers,
    },
    "a-number-on-the-left": {
      shapes: [[3, 4]],
      apply: (x) => apply(0.75, x!),
      expected: (x) => expected(number, x!),
      quantity: withNumber,
      numbers,
    },
  } as OpCases;
  return opCases(op, cases);
}

/** Elementwise ops of two operands. */
export const broadcastingCases: CasesByOp<ElementwiseOp | "pow"> = {
  ...(Object.fromEntries(
    Object.entries(elementwise).map(([name, one]) => [name, casesOf(name as OpName, one)]),
  ) as CasesByOp<ElementwiseOp>),
  pow: opCases("pow", {
    ...Object.fromEntries(
      Object.entries(pairs).map(([name, shapes]) => [
        name,
        { shapes, apply: pow, expected: binaryOf("pow"), quantity: "composed", numbers: positive },
      ]),
    ),
    ...Object.fromEntries(
      [-1, 0.5, 1, 2, 3].map((exponent) => [
        `to-the-${exponent}`.replace("--", "-minus-").replace(".", "-point-"),
        {
          shapes: [[3, 4]],
          apply: (x: Tensor) => pow(x, exponent),
          expected: unaryOf("pow", exponent),
          quantity: "composed",
          numbers: positive,
        },
      ]),
    ),
  } as OpCases),
};
