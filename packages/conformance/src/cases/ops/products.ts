import type { Shape, Tensor } from "@surprisal/core";
import { add, linear, matmul, reshape, sum } from "@surprisal/core/ops";
import type { CaseContext } from "../../case.ts";
import { type ExpectedArray, type NdArray, permute, sizeOf, stretch } from "../../oracle/nd-array.ts";
import { gemm } from "../../oracle/reduction.ts";
import { betweenTwo } from "../../tolerance.ts";
import { type CasesByOp, inputsOf, inScope, type OpCases, opCases, tensors, verify } from "./op-case.ts";

interface Transposes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const absolute = (list: ArrayLike<number>): Float64Array => Float64Array.from(list, Math.abs);

/** The product of the definition: matrices stretched to one stack, then multiplied one by one. */
function product(a: NdArray, b: NdArray, { transposeA = false, transposeB = false }: Transposes): ExpectedArray {
  const turned = (x: NdArray, transposed: boolean): NdArray => {
    const order = [...x.shape.keys()];
    return transposed ? permute(x, [...order.slice(0, -2), order.at(-1)!, order.at(-2)!]) : x;
  };
  const left = turned(a.shape.length === 1 ? asMatrix(a, transposeA, [1, a.shape[0]!]) : a, transposeA);
  const right = turned(b.shape.length === 1 ? asMatrix(b, transposeB, [b.shape[0]!, 1]) : b, transposeB);
  const rank = Math.max(left.shape.length, right.shape.length) - 2;
  const stack = Array.from({ length: rank }, (_, i) =>
    Math.max(left.shape[i - rank + left.shape.length - 2] ?? 1, right.shape[i - rank + right.shape.length - 2] ?? 1),
  );
  const [m, k, n] = [left.shape.at(-2)!, left.shape.at(-1)!, right.shape.at(-1)!];
  const params = { m, n, k, batch: sizeOf(stack), transA: false, transB: false, accumulate: false };
  const [p, q] = [stretch(left, [...stack, m, k]), stretch(right, [...stack, k, n])];
  const shape = [...stack, ...(a.shape.length > 1 ? [m] : []), ...(b.shape.length > 1 ? [n] : [])];
  return { shape, ...gemm(p.data, q.data, undefined, params) };
}

/** A vector as the matrix that it stands for. */
function asMatrix({ data }: NdArray, transposed: boolean, [rows, cols]: readonly [number, number]): NdArray {
  return { shape: transposed ? [cols, rows] : [rows, cols], data };
}

const sizes: Readonly<Record<string, readonly [Shape, Shape, Transposes]>> = {
  matrices: [[3, 4], [4, 5], {}],
  "the-left-transposed": [[4, 3], [4, 5], { transposeA: true }],
  "the-right-transposed": [[3, 4], [5, 4], { transposeB: true }],
  "both-transposed": [[4, 3], [5, 4], { transposeA: true, transposeB: true }],
  "a-vector-on-the-left": [[4], [4, 5], {}],
  "a-vector-on-the-right": [[3, 4], [4], {}],
  "two-vectors": [[4], [4], {}],
  "a-vector-and-a-transposed-matrix": [[4], [5, 4], { transposeB: true }],
  "a-transposed-matrix-and-a-vector": [[4, 3], [4], { transposeA: true }],
  stacks: [[2, 3, 4], [2, 4, 5], {}],
  "stacks-both-transposed": [[2, 4, 3], [2, 5, 4], { transposeA: true, transposeB: true }],
  "a-stack-and-a-matrix": [[2, 3, 4], [4, 5], {}],
  "a-stack-and-a-transposed-matrix": [[2, 3, 4], [5, 4], { transposeB: true }],
  "a-transposed-stack-and-a-matrix": [[2, 4, 3], [4, 5], { transposeA: true }],
  "a-matrix-and-a-stack": [[3, 4], [2, 4, 5], {}],
  "stacks-that-broadcast": [[2, 1, 3, 4], [3, 4, 5], {}],
  "a-stack-and-a-vector": [[2, 3, 4], [4], {}],
  "a-vector-and-a-stack": [[4], [2, 4, 5], {}],
  "an-inner-axis-of-0": [[3, 0], [0, 5], {}],
  "no-rows": [[0, 4], [4, 5], {}],
};

/** The layer of the definition: x·w + b. */
const layer =
  (shape: readonly number[]) =>
  (x: NdArray, w: NdArray, b?: NdArray): ExpectedArray => {
    const { values, scale } = product({ shape: [sizeOf(shape.slice(0, -1)), w.shape[0]!], data: x.data }, w, {});
    const bias = (d: number): number => b?.data[d % w.shape[1]!] ?? 0;
    return {
      shape,
      values: Float64Array.from(values, (value, d) => value + bias(d)),
      scale: Float64Array.from(scale as ArrayLike<number>, (size, d) => size + Math.abs(bias(d))),
      terms: Float64Array.from(scale as ArrayLike<number>, (size, d) => size + Math.abs(bias(d))),
    };
  };

/** `linear` and matmul + add give the same values and gradients, whichever of the two is one kernel. */
async function linearIsMatmulAndAdd(t: CaseContext): Promise<void> {
  const shapes = [[2, 3, 5], [5, 4], [4], [2, 3, 4]];
  const [x, w, b, g] = inputsOf(t, { shapes, apply: () => undefined as never });
  await inScope(t, async (scope) => {
    const [cotangent, ...params] = tensors(scope, [g!, x!, w!, b!]);
    const layered = scope.vjp(([p, q, r]) => linear(p!, q!, r!), params, cotangent);
    const composed = scope.vjp(([p, q, r]) => add(matmul(p!, q!), r!), params, cotangent);
    const flat = { x: { shape: [6, 5], data: absolute(x!.data) }, g: { shape: [6, 4], data: absolute(g!.data) } };
    const sizeOfW = { shape: w!.shape, data: absolute(w!.data) };
    const scales = [
      product(flat.g, sizeOfW, { transposeB: true }).values,
      product(flat.x, flat.g, { transposeA: true }).values,
      product({ shape: [1, 6], data: new Float64Array(6).fill(1) }, flat.g, {}).values,
    ];
    const between = betweenTwo(t.judge("product"));
    const { scale } = layer([2, 3, 4])(x!, w!, b);
    t.check(await t.read(layered.value), { values: await t.read(composed.value), scale }, between, "value");
    for (const [i, name] of ["∂x", "∂w", "∂b"].entries()) {
      const values = await t.read(composed.gradients[i]!);
      t.check(await t.read(layered.gradients[i]!), { values, scale: scales[i]! }, between, name);
    }
  });
}

/** The gradient of only some inputs asks the backend for only some outputs. */
async function gradientOfEachInputAlone(t: CaseContext): Promise<void> {
  const [x, w, b] = inputsOf(t, { shapes: [[6, 5], [5, 4], [4]], apply: () => undefined as never });
  const ones: NdArray = { shape: [6, 4], data: new Float64Array(24).fill(1) };
  const expected = [
    product(ones, w!, { transposeB: true }),
    product(x!, ones, { transposeA: true }),
    { shape: [4], values: [6, 6, 6, 6], scale: 6, terms: 6 },
  ];
  await inScope(t, async (scope) => {
    const params = tensors(scope, [x!, w!, b!]);
    for (const [i, param] of params.entries()) {
      const gradient = scope.grad((p) => {
        const [p0, p1, p2] = params.with(i, p);
        return sum(linear(p0!, p1!, p2!));
      }, param);
      await verify(t, gradient, expected[i]!, "product", `∂${"xwb"[i]}`);
    }
  });
}

/** Matrix products and dense layers. */
export const productCases: CasesByOp<"matmul" | "linear"> = {
  matmul: opCases(
    "matmul",
    Object.fromEntries(
      Object.entries(sizes).map(([name, [a, b, transposes]]) => [
        name,
        {
          shapes: [a, b],
          apply: (x: Tensor, y: Tensor) => matmul(x, y, transposes),
          expected: (x: NdArray, y: NdArray) => product(x, y, transposes),
          quantity: "product",
        },
      ]),
    ) as OpCases,
  ),
  linear: opCases("linear", {
    rows: { shapes: [[6, 5], [5, 4], [4]], apply: linear, expected: layer([6, 4]), quantity: "derived" },
    "one-row": { shapes: [[5], [5, 4], [4]], apply: linear, expected: layer([4]), quantity: "derived" },
    "more-axes": { shapes: [[2, 3, 5], [5, 4], [4]], apply: linear, expected: layer([2, 3, 4]), quantity: "derived" },
    "without-bias": {
      shapes: [
        [6, 5],
        [5, 4],
      ],
      apply: linear,
      expected: layer([6, 4]),
      quantity: "derived",
    },
    "of-a-reshaped-input": {
      shapes: [[5, 6], [5, 4], [4]],
      apply: (x, w, b) => linear(reshape(x!, [6, 5]), w!, b),
      expected: layer([6, 4]),
      quantity: "derived",
    },
    "is-matmul-and-add": linearIsMatmulAndAdd,
    "gradient-of-each-input-alone": gradientOfEachInputAlone,
  } as OpCases),
};
