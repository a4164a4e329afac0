import { type PlainHandle, plain } from "@surprisal/backend-cpu/plain";
import type { Kernels } from "@surprisal/core";
import { expect, test } from "vitest";
import { derivedLinear, derivedLinearCrossEntropy, derivedLinearGradient } from "./derived/linear.ts";
import { derivedAdamw, derivedSgd } from "./derived/optimizers.ts";
import { failures, spoiled } from "./fixtures/spoiled.ts";

type Table = Kernels<PlainHandle>;

/** Holds if a backend with these kernels fails each of the cases. */
async function caught(spoil: (right: Table) => Partial<Table>, ...ids: string[]): Promise<void> {
  const create = () => spoiled(plain(), ({ kernels }) => ({ kernels: spoil(kernels) }));
  expect(Object.keys(await failures(create, ids)).sort()).toEqual([...ids].sort());
}

const data = (handle: PlainHandle): Float32Array => handle.data as Float32Array;

/** Replaces each number of a handle. */
function change(handle: PlainHandle, fn: (value: number, i: number) => number): void {
  data(handle).set(data(handle).map(fn));
}

test("swapped transposes are caught", () =>
  caught(
    ({ gemm }) => ({
      gemm: (c, ab, params) => gemm(c, ab, { ...params, transA: params.transB, transB: params.transA }),
    }),
    "kernel/gemm/transposes",
    "kernel/gemm/sizes-off-every-block",
  ));

test("products of a batch that all take the first matrix are caught", () =>
  caught(
    ({ gemm }) => ({
      gemm({ c }, { a, b }, params) {
        const { m, n, k, batch } = params;
        if (batch > 1) {
          for (let i = 1; i < batch; i++) data(a).copyWithin(i * m * k, 0, m * k);
          for (let i = 1; i < batch; i++) data(b).copyWithin(i * k * n, 0, k * n);
        }
        gemm({ c }, { a, b }, params);
      },
    }),
    "kernel/gemm/batch",
  ));

test("accumulate that overwrites, and k = 0 that writes nothing, are caught", () =>
  caught(
    ({ gemm }) => ({
      gemm(c, ab, params) {
        if (params.k > 0) gemm(c, ab, { ...params, accumulate: false });
      },
    }),
    "kernel/gemm/accumulate",
    "kernel/gemm/k-zero-gives-zeros",
  ));

test("the last row of an odd matrix left out is caught", () =>
  caught(
    ({ gemm }) => ({
      gemm({ c }, ab, params) {
        gemm({ c }, ab, params);
        if (params.batch === 1 && params.m % 2 === 1) data(c).fill(0, (params.m - 1) * params.n);
      },
    }),
    "kernel/gemm/plain",
    "kernel/gemm/one-row-and-one-column",
  ));

test("a float32 product without blocks is caught on a long inner axis", () =>
  caught(
    ({ gemm }) => ({
      gemm({ c }, { a, b }, params) {
        gemm({ c }, { a, b }, params);
        const { m, n, k, transA, transB, batch } = params;
        if (k < 5000 || batch > 1) return;
        for (let d = 0; d < m * n; d++) {
          const [i, j] = [Math.floor(d / n), d % n];
          let sum = 0;
          for (let x = 0; x < k; x++) {
            sum = Math.fround(
              sum + data(a)[transA ? x * m + i : i * k + x]! * data(b)[transB ? j * k + x : x * n + j]!,
            );
          }
          data(c)[d] = sum;
        }
      },
    }),
    "kernel/gemm/long-inner-axis-of-one-sign",
  ));

test("NaN swallowed by a backend that claims to be strict is caught", () =>
  caught(
    ({ unary }) => ({
      unary({ y }, { x }, params) {
        unary({ y }, { x }, params);
        change(y, (value) => (Number.isNaN(value) ? 0 : value));
      },
    }),
    "kernel/unary/relu-non-finite",
    "kernel/unary/exp-non-finite",
    "kernel/unary/clamp-non-finite",
  ));

test("an in-place kernel that clears its output first is caught", () =>
  caught(
    ({ unary }) => ({
      unary({ y }, { x }, params) {
        data(y).fill(0);
        unary({ y }, { x }, params);
      },
    }),
    "kernel/unary/in-place",
  ));

test("erf by the 1e-7 polynomial, which loses the tail, is caught", () =>
  caught(
    ({ unary }) => ({
      unary({ y }, { x }, params) {
        unary({ y }, { x }, params);
        if (params.fn === "normalCdf") change(y, (value) => Math.fround(value + 0.5) - 0.5);
      },
    }),
    "kernel/unary/normalCdf",
  ));

test("log(1 + x) for log1p and e^x − 1 for expm1 are caught", () =>
  caught(
    ({ unary }) => ({
      unary({ y }, { x }, params) {
        const given = data(x).slice();
        unary({ y }, { x }, params);
        if (params.fn === "log1p") change(y, (_, i) => Math.log(Math.fround(1 + given[i]!)));
        if (params.fn === "expm1") change(y, (_, i) => Math.fround(Math.exp(given[i]!)) - 1);
      },
    }),
    "kernel/unary/log1p",
    "kernel/unary/expm1",
  ));

test("broadcast strides that are ignored are caught", () =>
  caught(
    ({ binary }) => ({
      binary: (y, ab, params) =>
        binary(y, ab, { ...params, bStrides: params.bStrides[1] === 0 ? [0, 0, params.bStrides[2]] : params.bStrides }),
    }),
    "kernel/binary/add-broadcasts-the-outer-axis",
    "kernel/binary/add-broadcasts-all-but-the-middle-axis",
  ));

test("α and β that add forgets, and minimum that drops NaN, are caught", () =>
  caught(
    ({ binary }) => ({
      binary({ y }, ab, params) {
        binary({ y }, ab, { ...params, alpha: 1, beta: 1 });
        if (params.fn === "min") change(y, (value) => (Number.isNaN(value) ? 0 : value));
      },
    }),
    "kernel/binary/add-scaled",
    "kernel/binary/min-non-finite",
  ));

test("select by multiplication is caught", () =>
  caught(
    () => ({
      select({ y }, { condition, a, b }, { length }) {
        for (let i = 0; i < length; i++) {
          const c = data(condition)[i] === 0 ? 0 : 1;
          data(y)[i] = c * data(a)[i]! + (1 - c) * data(b)[i]!;
        }
      },
    }),
    "kernel/select/not-taken-may-be-nan",
  ));

test("running float32 sums are caught", () =>
  caught(
    ({ reduce }) => ({
      reduce({ y }, { x }, params) {
        reduce({ y }, { x }, params);
        const { fn, outer, axis, inner } = params;
        if (fn !== "sum") return;
        for (let d = 0; d < outer * inner; d++) {
          let sum = 0;
          const start = Math.floor(d / inner) * axis * inner + (d % inner);
          for (let j = 0; j < axis; j++) sum = Math.fround(sum + data(x)[start + j * inner]!);
          data(y)[d] = sum;
        }
      },
    }),
    "kernel/reduce/sum-beside-a-large-number",
    "kernel/reduce/sum-of-one-sign",
  ));

test("argmax of the last of equals, and a maximum that starts at 0, are caught", () =>
  caught(
    ({ reduce }) => ({
      reduce({ y }, { x }, params) {
        reduce({ y }, { x }, params);
        if (params.fn === "max") change(y, (value) => Math.max(0, value));
        if (params.fn !== "argmax" || params.inner !== 1) return;
        for (let o = 0; o < params.outer; o++) {
          const row = data(x).slice(o * params.axis, (o + 1) * params.axis);
          data(y)[o] = row.lastIndexOf(row[data(y)[o]!]!);
        }
      },
    }),
    "kernel/reduce/argmax-takes-the-first-of-equals",
    "kernel/reduce/all-negative",
  ));

test("an output that is not wholly overwritten is caught", () =>
  caught(
    ({ rearrange }) => ({
      rearrange({ y }, inputs, params) {
        const before = data(y).slice();
        rearrange({ y }, inputs, params);
        if (inputs.background) return;
        const inside = (d: number): boolean => {
          let rest = d;
          for (let i = params.dims.length - 1; i >= 0; i--) {
            const coordinate = rest % params.dims[i]!;
            rest = Math.floor(rest / params.dims[i]!);
            if (coordinate < params.from[i]! || coordinate >= params.to[i]!) return false;
          }
          return true;
        };
        before.forEach((value, d) => {
          if (!inside(d)) data(y)[d] = value;
        });
      },
    }),
    "kernel/rearrange/pad",
    "kernel/rearrange/empty-range",
  ));

test("a background that is ignored, and strides that may not be negative, are caught", () =>
  caught(
    ({ rearrange }) => ({
      rearrange: (y, { x }, params) =>
        rearrange(
          y,
          { x },
          {
            ...params,
            strides: params.strides.map(Math.abs),
            offset: params.strides.some((s) => s < 0) ? 0 : params.offset,
          },
        ),
    }),
    "kernel/rearrange/background",
    "kernel/rearrange/flip",
    "kernel/rearrange/concatenate",
  ));

test("a gather that is one row off is caught", () =>
  caught(
    ({ gatherRows }) => ({
      gatherRows({ y }, { table, indices }, params) {
        const wrong = { data: (indices.data as Int32Array).map((i) => Math.min(i + 1, params.tableRows - 1)) };
        gatherRows({ y }, { table, indices: wrong }, params);
      },
    }),
    "kernel/gather-rows/rows",
    "kernel/gather-rows/first-last-and-repeated",
  ));

test("a scatter in the order of the rows, not in the one that is given, is caught", () =>
  caught(
    ({ scatterAddRows }) => ({
      scatterAddRows(table, { values, order, starts }, params) {
        const sorted = (order.data as Int32Array).slice();
        for (let t = 0; t < params.tableRows; t++) sorted.subarray(starts.data![t], starts.data![t + 1]).sort();
        scatterAddRows(table, { values, order: { data: sorted }, starts }, params);
      },
    }),
    "kernel/scatter-add-rows/in-the-order-that-is-given",
  ));

test("a scatter that leaves rows without values as they were is caught", () =>
  caught(
    ({ scatterAddRows }) => ({
      scatterAddRows({ table }, inputs, params) {
        const before = data(table).slice();
        scatterAddRows({ table }, inputs, params);
        const starts = inputs.starts.data!;
        for (let d = 0; d < before.length; d++) {
          const t = Math.floor(d / params.cols);
          if (starts[t] === starts[t + 1]) data(table)[d] = before[d]!;
        }
      },
    }),
    "kernel/scatter-add-rows/empty-rows-are-zero",
    "kernel/scatter-add-rows/nothing",
  ));

const derivedFusions = (right: Parameters<Parameters<typeof spoiled<PlainHandle>>[1]>[0]): Partial<Table> => ({
  linear: (y, inputs, params) => derivedLinear(right, y, inputs, params),
  linearGradient: (outputs, inputs, params) => derivedLinearGradient(right, outputs, inputs, params),
  linearCrossEntropy: (outputs, inputs, params) => derivedLinearCrossEntropy(right, outputs, inputs, params),
  sgd: (outputs, inputs, params) => derivedSgd(right, outputs, inputs, params),
  adamw: (outputs, inputs, params) => derivedAdamw(right, outputs, inputs, params),
});

test("fusions that are the derived forms pass", async () => {
  const create = () => spoiled(plain(), (backend) => ({ kernels: derivedFusions(backend) }));
  expect(await failures(create, "fusion")).toEqual({});
});

test("fusions that are wrong in one term each are caught", async () => {
  const create = () =>
    spoiled(plain(), (backend) => {
      const right = derivedFusions(backend);
      return {
        kernels: {
          linear: (y, { x, w }, params) => right.linear!(y, { x, w }, params),
          linearGradient(outputs, inputs, params) {
            right.linearGradient!(outputs, inputs, params);
            if (outputs.db) data(outputs.db).fill(0, params.units - 1);
          },
          // Finishes the gradient with the scale of the host, and forgets that of the rows.
          linearCrossEntropy: (outputs, { rowScale: _, ...inputs }, params) =>
            right.linearCrossEntropy!(outputs, inputs, params),
          sgd: (outputs, inputs, params) => right.sgd!(outputs, inputs, { ...params, dampening: 0, nesterov: false }),
          adamw: (outputs, inputs, params) =>
            right.adamw!(outputs, inputs, { ...params, correction2: 1, decoupled: true }),
        },
      };
    });
  const failed = Object.keys(await failures(create, "fusion"));
  const expected = [
    "linear",
    "linear-gradient",
    "linear-cross-entropy/labels-by-class",
    "linear-cross-entropy/probabilities",
  ];
  for (const name of [...expected, "sgd-momentum", "sgd-nesterov", "adamw", "adam-with-decay"]) {
    expect(failed).toContain(`fusion/${name}`);
  }
  expect(failed).not.toContain("fusion/sgd-plain");
});
