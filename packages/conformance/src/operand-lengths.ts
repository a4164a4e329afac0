import type {
  AdamParams,
  BinaryParams,
  FillParams,
  GatherParams,
  GemmParams,
  Kind,
  LinearParams,
  RearrangeParams,
  ReduceParams,
  ScatterParams,
  SgdParams,
  SoftmaxCrossEntropyParams,
  UnaryParams,
} from "@surprisal/core";
import type { KernelName } from "./kernel-names.ts";

/** What a handle must be for an operand. */
export interface OperandLength {
  readonly length: number;
  /** float if absent. */
  readonly kind?: Kind;
}

/** The operands of a kernel whose length follows from its numbers. Operands read through strides are not listed. */
export function operandLengths(name: KernelName, params: object): Readonly<Record<string, OperandLength | undefined>> {
  return table[name](params as never);
}

const i32 = (length: number): OperandLength => ({ length, kind: "i32" });
const float = (length: number): OperandLength => ({ length });

type Lengths = Readonly<Record<string, OperandLength>>;

const targets = ({ rows, classes }: SoftmaxCrossEntropyParams): Lengths => ({
  rowLoss: float(rows),
  state: float(3 * rows),
  labels: i32(rows),
  probabilities: float(rows * classes),
  classWeights: float(classes),
  rowScale: float(rows),
});

const table: { readonly [Name in KernelName]: (params: never) => Lengths } = {
  gemm: ({ m, n, k, batch }: GemmParams) => ({
    a: float(batch * m * k),
    b: float(batch * k * n),
    c: float(batch * m * n),
  }),
  unary: ({ length }: UnaryParams) => ({ x: float(length), y: float(length) }),
  binary: ({ outer, axis, inner }: BinaryParams) => ({ y: float(outer * axis * inner) }),
  select: ({ length }: { length: number }) => ({
    condition: float(length),
    a: float(length),
    b: float(length),
    y: float(length),
  }),
  reduce: ({ outer, axis, inner }: ReduceParams) => ({ x: float(outer * axis * inner), y: float(outer * inner) }),
  rearrange({ dims }: RearrangeParams) {
    const length = dims.reduce((product, size) => product * size, 1);
    return { y: float(length), background: float(length) };
  },
  fill: ({ length }: FillParams) => ({ y: float(length) }),
  gatherRows: ({ rows, cols, tableRows }: GatherParams) => ({
    y: float(rows * cols),
    table: float(tableRows * cols),
    indices: i32(rows),
  }),
  scatterAddRows: ({ rows, cols, tableRows }: ScatterParams) => ({
    table: float(tableRows * cols),
    values: float(rows * cols),
    order: i32(rows),
    starts: i32(tableRows + 1),
  }),
  softmaxCrossEntropy: (params: SoftmaxCrossEntropyParams) => ({
    ...targets(params),
    logits: float(params.rows * params.classes),
    gradient: float(params.rows * params.classes),
    diagnostics: float(params.rows * 3),
    temperatureSlope: float(params.rows),
    temperature: float(1),
  }),
  linear: ({ rows, inputs, units }: LinearParams) => ({
    x: float(rows * inputs),
    w: float(inputs * units),
    b: float(units),
    y: float(rows * units),
  }),
  linearGradient: ({ rows, inputs, units }: LinearParams) => ({
    x: float(rows * inputs),
    w: float(inputs * units),
    g: float(rows * units),
    dx: float(rows * inputs),
    dw: float(inputs * units),
    db: float(units),
  }),
  linearCrossEntropy: (params: SoftmaxCrossEntropyParams & { inputs: number }) => ({
    ...targets(params),
    x: float(params.rows * params.inputs),
    w: float(params.inputs * params.classes),
    b: float(params.classes),
    dx: float(params.rows * params.inputs),
    dw: float(params.inputs * params.classes),
    db: float(params.classes),
  }),
  sgd: ({ length }: SgdParams) => ({ parameter: float(length), gradient: float(length), velocity: float(length) }),
  adamw: ({ length }: AdamParams) => ({
    parameter: float(length),
    gradient: float(length),
    mean: float(length),
    variance: float(length),
  }),
};
