import type { Tensor, UnaryFunction } from "@surprisal/core";
import {
  abs,
  clip,
  exp,
  expm1,
  gelu,
  log,
  log1p,
  neg,
  normalCdf,
  relu,
  sigmoid,
  sign,
  sqrt,
  square,
  tanh,
} from "@surprisal/core/ops";
import { unaryOf } from "../../oracle/nd-array.ts";
import type { Quantity } from "../../tolerance.ts";
import { type Application, type CasesByOp, type OpCases, type OpName, opCases } from "./op-case.ts";

interface Elementary {
  readonly op: (x: Tensor) => Tensor;
  readonly fn: UnaryFunction;
  readonly quantity: Quantity;
  readonly alpha?: number;
  readonly beta?: number;
  readonly numbers?: Application["numbers"];
}

const signed: Application["numbers"] = (random, i) => (i === 0 ? 0 : 3 * random.normal());
const positive: Application["numbers"] = (random) => 0.01 + 5 * random.uniform();
const aboveMinus1: Application["numbers"] = (random) => 5 * random.uniform() - 0.9;

type FunctionOp =
  | "abs"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "neg"
  | "normalCdf"
  | "relu"
  | "sigmoid"
  | "sign"
  | "sqrt"
  | "square"
  | "tanh";

const functions: Readonly<Record<FunctionOp, Elementary>> = {
  abs: { op: abs, fn: "abs", quantity: "exact" },
  exp: { op: exp, fn: "exp", quantity: "elementary" },
  expm1: { op: expm1, fn: "expm1", quantity: "elementary" },
  log: { op: log, fn: "log", quantity: "elementary", numbers: positive },
  log1p: { op: log1p, fn: "log1p", quantity: "elementary", numbers: aboveMinus1 },
  neg: { op: neg, fn: "affine", alpha: -1, quantity: "exact" },
  normalCdf: { op: normalCdf, fn: "normalCdf", quantity: "composed" },
  relu: { op: relu, fn: "relu", quantity: "exact" },
  sigmoid: { op: sigmoid, fn: "sigmoid", quantity: "elementary" },
  sign: { op: sign, fn: "sign", quantity: "exact" },
  sqrt: { op: sqrt, fn: "pow", alpha: 0.5, quantity: "composed", numbers: positive },
  square: { op: square, fn: "pow", alpha: 2, quantity: "composed" },
  tanh: { op: tanh, fn: "tanh", quantity: "elementary" },
};

const shapes = { "a-matrix": [3, 4], "a-scalar": [], nothing: [0, 3] };

function overShapes({ op, fn, quantity, alpha = 0, beta = 0, numbers = signed }: Elementary): OpCases {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { shapes: [shape], apply: op as Application["apply"], expected: unaryOf(fn, alpha, beta), quantity, numbers },
    ]),
  ) as OpCases;
}

/** Elementwise ops of one operand. */
export const unaryFunctionCases: CasesByOp<FunctionOp | "clip" | "gelu"> = {
  ...(Object.fromEntries(
    Object.entries(functions).map(([name, one]) => [name, opCases(name as OpName, overShapes(one))]),
  ) as CasesByOp<FunctionOp>),
  clip: opCases("clip", {
    ...overShapes({ op: (x) => clip(x, -0.75, 1.5), fn: "clamp", alpha: -0.75, beta: 1.5, quantity: "exact" }),
    "from-below-only": {
      shapes: [[3, 4]],
      apply: (x) => clip(x!, 0.5, Number.POSITIVE_INFINITY),
      expected: unaryOf("clamp", 0.5, Number.POSITIVE_INFINITY),
      quantity: "exact",
    },
  }),
  gelu: opCases("gelu", {
    ...overShapes({ op: (x) => gelu(x), fn: "geluErf", quantity: "composed" }),
    "by-tanh": {
      shapes: [[3, 4]],
      apply: (x) => gelu(x!, { approximate: "tanh" }),
      expected: unaryOf("geluTanh"),
      quantity: "composed",
      numbers: signed,
    },
  }),
};
