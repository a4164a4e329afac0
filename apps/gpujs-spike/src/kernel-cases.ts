import type { BinaryFunction, GemmParams, RearrangeParams, ReduceFunction, UnaryFunction } from "@surprisal/core";
import type { Case } from "./case.ts";
import { integers, normals } from "./random.ts";

const relative = (bound: number) => (expected: number) => bound * Math.max(1, Math.abs(expected));

function gemmCases(): Case[] {
  const plain: GemmParams = { m: 5, n: 7, k: 3, batch: 1, transA: false, transB: false, accumulate: false };
  const variants: Partial<GemmParams>[] = [
    {},
    { transA: true },
    { transB: true },
    { transA: true, transB: true, batch: 3 },
    { accumulate: true },
    { k: 0 },
    { m: 33, n: 17, k: 300 },
  ];
  return variants.map((variant) => {
    const params = { ...plain, ...variant };
    const { m, n, k, batch } = params;
    const inputs = { a: normals(1, batch * m * k), b: normals(2, batch * k * n), c: normals(3, batch * m * n) };
    return {
      name: `gemm ${JSON.stringify(variant)}`,
      inputs,
      outputs: { c: batch * m * n },
      call: (kernels, out, given) => kernels.gemm({ c: out.c! }, { a: given.a!, b: given.b! }, params),
      tolerance: () => 1e-6 * Math.sqrt(k + 1) * 3,
    };
  });
}

function unaryCases(): Case[] {
  const wide = [-30, -5, -2.5, -1, -0.3, -1e-6, 0, 1e-6, 0.3, 1, 2.5, 5, 30];
  const positive = [1e-20, 1e-3, 0.5, 1, 1.5, 10, 1e10];
  const domain: Record<UnaryFunction, readonly number[]> = {
    affine: wide,
    pow: wide,
    clamp: wide,
    exp: wide,
    expm1: wide,
    log: positive,
    log1p: positive,
    tanh: wide,
    sigmoid: wide,
    relu: wide,
    step: wide,
    abs: wide,
    sign: wide,
    normalCdf: wide,
    geluErf: wide,
    geluTanh: wide,
  };
  return Object.entries(domain).map(([name, x]) => {
    const fn = name as UnaryFunction;
    const params = { fn, alpha: fn === "clamp" ? -1 : 3, beta: 2, length: x.length };
    const single = x.map(Math.fround);
    return {
      name: `unary ${fn}`,
      inputs: { y: single },
      outputs: { y: x.length },
      call: (kernels, out, given) => kernels.unary({ y: out.y! }, { x: given.y! }, params),
      tolerance: (expected) => 3e-6 * Math.abs(expected) + 1e-7,
    };
  });
}

function binaryCases(): Case[] {
  const functions: BinaryFunction[] = ["add", "mul", "div", "pow", "min", "max", "equal", "less", "lessEqual"];
  const [outer, axis, inner] = [3, 4, 5];
  const a = normals(4, 60).map((v, i) => (i % 7 === 0 ? 2 : Math.abs(v) + 0.1));
  const b = normals(5, 4).map((v, i) => (i === 0 ? 2 : Math.abs(v) + 0.1));
  return functions.map((fn) => ({
    name: `binary ${fn}, b broadcast over outer and inner`,
    inputs: { y: a, b },
    outputs: { y: 60 },
    call: (kernels, out, given) =>
      kernels.binary(
        { y: out.y! },
        { a: given.y!, b: given.b! },
        {
          fn,
          alpha: 2,
          beta: -3,
          outer,
          axis,
          inner,
          aStrides: [20, 5, 1],
          bStrides: [0, 1, 0],
        },
      ),
    tolerance: relative(1e-5),
  }));
}

function reduceCases(): Case[] {
  const functions: ReduceFunction[] = ["sum", "max", "min", "argmax", "sumSquares"];
  const shapes = [
    [3, 50, 1],
    [2, 9, 5],
    [1, 4096, 1],
    [2, 50257, 1],
  ] as const;
  return functions.flatMap((fn) =>
    shapes.map(([outer, axis, inner]) => ({
      name: `reduce ${fn} ${outer}×${axis}×${inner}`,
      inputs: { x: normals(6, outer * axis * inner).map(Math.abs) },
      outputs: { y: outer * inner },
      call: (kernels, out, given) => kernels.reduce({ y: out.y! }, { x: given.x! }, { fn, outer, axis, inner }),
      tolerance: relative(1e-6),
    })),
  );
}

function rearrangeCases(): Case[] {
  const x = normals(7, 24);
  const whole = (dims: readonly number[]) => ({ dims, from: dims.map(() => 0), to: dims });
  const forms: Record<string, RearrangeParams> = {
    "reshape (a copy)": { ...whole([24]), strides: [1], offset: 0 },
    transpose: { ...whole([6, 4]), strides: [1, 6], offset: 0 },
    "flip and slice": { ...whole([3, 2]), strides: [-6, 2], offset: 20 },
    "five axes permuted": { ...whole([2, 1, 3, 2, 2]), strides: [1, 24, 2, 12, 6], offset: 0 },
    broadcast: { ...whole([5, 6]), strides: [0, 1], offset: 6 },
    "pad with zeros": { dims: [6, 8], strides: [6, 1], offset: -7, from: [1, 1], to: [5, 7] },
  };
  const cases: Case[] = Object.entries(forms).map(([name, params]) => ({
    name: `rearrange: ${name}`,
    inputs: { x },
    outputs: { y: params.dims.reduce((a, b) => a * b, 1) },
    call: (kernels, out, given) => kernels.rearrange({ y: out.y! }, { x: given.x! }, params),
    tolerance: () => 1e-30,
  }));
  cases.push({
    name: "rearrange: concatenate onto a background, in place",
    inputs: { x, y: normals(8, 48) },
    outputs: { y: 48 },
    call: (kernels, out, given) =>
      kernels.rearrange(
        { y: out.y! },
        { x: given.x!, background: given.y! },
        {
          dims: [4, 12],
          strides: [6, 1],
          offset: -6,
          from: [0, 6],
          to: [4, 12],
        },
      ),
    tolerance: () => 1e-30,
  });
  return cases;
}

function rowCases(): Case[] {
  const table = normals(9, 20 * 3);
  const indices = integers(10, 30, 20).map((index) => (index === 7 ? 8 : index));
  const order = indices.map((_, j) => j).sort((a, b) => indices[a]! - indices[b]! || a - b);
  const starts = Array.from({ length: 21 }, (_, t) => indices.filter((index) => index < t).length);
  return [
    {
      name: "gatherRows",
      inputs: { table, "indices#": indices },
      outputs: { y: 90 },
      call: (kernels, out, given) =>
        kernels.gatherRows(
          { y: out.y! },
          { table: given.table!, indices: given.indices! },
          { rows: 30, cols: 3, tableRows: 20 },
        ),
      tolerance: () => 1e-30,
    },
    {
      name: "gatherRows, the same kernel on a longer table",
      inputs: { table: normals(12, 2000 * 3), "indices#": integers(13, 30, 2000) },
      outputs: { y: 90 },
      call: (kernels, out, given) =>
        kernels.gatherRows(
          { y: out.y! },
          { table: given.table!, indices: given.indices! },
          { rows: 30, cols: 3, tableRows: 2000 },
        ),
      tolerance: () => 1e-30,
    },
    {
      name: "scatterAddRows, with an empty range",
      inputs: { values: normals(11, 90), "order#": order, "starts#": starts },
      outputs: { table: 60 },
      call: (kernels, out, given) =>
        kernels.scatterAddRows(
          { table: out.table! },
          { values: given.values!, order: given.order!, starts: given.starts! },
          { rows: 30, cols: 3, tableRows: 20 },
        ),
      tolerance: relative(1e-6),
    },
    {
      name: "select",
      inputs: { condition: [1, 0, 2, 0], a: [1, 2, 3, 4], y: [5, 6, 7, 8] },
      outputs: { y: 4 },
      call: (kernels, out, given) =>
        kernels.select({ y: out.y! }, { condition: given.condition!, a: given.a!, b: given.y! }, { length: 4 }),
      tolerance: () => 1e-30,
    },
    ...[2.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(
      (value): Case => ({
        name: `fill ${value}`,
        inputs: {},
        outputs: { y: 6 },
        call: (kernels, out) => kernels.fill({ y: out.y! }, {}, { value, length: 6 }),
        tolerance: () => 1e-30,
      }),
    ),
  ];
}

export const kernelCases = (): Case[] => [
  ...gemmCases(),
  ...unaryCases(),
  ...binaryCases(),
  ...reduceCases(),
  ...rearrangeCases(),
  ...rowCases(),
];
