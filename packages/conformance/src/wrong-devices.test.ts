// Mistakes of whole devices, whatever the kernel: precision, dispatch, races, buffers that hold what was there before.
import { type PlainHandle, plain } from "@surprisal/backend-cpu/plain";
import type { Backend, BackendProvider, HostArray } from "@surprisal/core";
import { expect, test } from "vitest";
import { failures, type Spoiling, spoiled } from "./fixtures/spoiled.ts";

async function caught(spoil: (right: Backend<PlainHandle>) => Spoiling<PlainHandle>, ...ids: string[]): Promise<void> {
  const create = (): BackendProvider => spoiled(plain(), spoil);
  expect(Object.keys(await failures(create, ids)).sort()).toEqual([...ids].sort());
}

const data = (handle: PlainHandle | undefined): Float32Array => handle?.data as Float32Array;

/** Replaces each number of a handle. */
function change(handle: PlainHandle | undefined, fn: (value: number, i: number) => number): void {
  if (handle) data(handle).set(data(handle).map(fn));
}

test("a naive online softmax, whose first merge from nothing is ∞ − ∞, is caught", () =>
  caught(
    ({ kernels }) => ({
      kernels: {
        softmaxCrossEntropy(outputs, inputs, params) {
          const z = Array.from(data(inputs.logits));
          kernels.softmaxCrossEntropy(outputs, inputs, params);
          const { rows, classes, smoothing, inner, terms } = params;
          if (!outputs.rowLoss || !inputs.labels || inputs.classWeights || smoothing > 0 || inner > 1 || terms) return;
          for (let r = 0; r < rows; r++) {
            const label = inputs.labels.data![r]!;
            if (label === -1) continue;
            let m = -Infinity;
            let s = 0;
            for (const value of z.slice(r * classes, (r + 1) * classes)) {
              const top = Math.max(m, value);
              s = s * Math.exp(m - top) + Math.exp(value - top);
              m = top;
            }
            data(outputs.rowLoss)[r] = Math.log(s) + m - z[r * classes + label]!;
          }
        },
      },
    }),
    "kernel/softmax-cross-entropy/row-minus-infinity-beside-the-label",
    "kernel/softmax-cross-entropy/row-one-class-left",
  ));

test("numbers below 1e-30 that are flushed to zero are caught", () =>
  caught(
    ({ kernels }) => {
      const flush = (value: number): number => (Math.abs(value) < 1e-30 ? 0 : value);
      return {
        kernels: {
          softmaxCrossEntropy(outputs, inputs, params) {
            kernels.softmaxCrossEntropy(outputs, inputs, params);
            change(outputs.rowLoss, flush);
            change(outputs.gradient, flush);
          },
          unary(y, x, params) {
            kernels.unary(y, x, params);
            change(y.y, flush);
          },
        },
      };
    },
    "kernel/softmax-cross-entropy/confident-87",
    "kernel/unary/exp",
  ));

test("a thread that adds to a sum while another does, so that one of 64 additions is lost, is caught", () =>
  caught(({ kernels }) => {
    let calls = 0;
    return {
      kernels: {
        reduce({ y }, { x }, params) {
          kernels.reduce({ y }, { x }, params);
          if (params.fn === "sum" && ++calls % 2 === 0) change(y, (value) => value * (1 - 1 / 64));
        },
      },
    };
  }, "queue/the-same-call-twice-gives-the-same-bits"));

test("numbers kept with 11 bits, as float16 has, are caught", () =>
  caught(
    ({ kernels }) => ({
      kernels: {
        gemm(c, ab, params) {
          kernels.gemm(c, ab, params);
          change(c.c, (value) => Number(value.toPrecision(4)));
        },
      },
    }),
    "kernel/gemm/plain",
    "kernel/gemm/batch",
  ));

test("a dispatch that rounds the number of its groups of 64 down is caught", () =>
  caught(
    ({ kernels }) => ({
      kernels: {
        binary(y, ab, params) {
          const before = data(y.y).slice();
          kernels.binary(y, ab, params);
          const done = before.length - (before.length % 64);
          data(y.y).set(before.subarray(done), done);
        },
      },
    }),
    "kernel/binary/add-scaled",
    "kernel/binary/mul",
  ));

test("reads that share one staging buffer, which the next overwrites, are caught", () =>
  caught(
    ({ read }) => {
      const staged = new Map<number, HostArray>();
      return {
        async read(handle) {
          const now = await read(handle);
          staged.set(now.length, now);
          await new Promise((resolve) => setTimeout(resolve, 0));
          return staged.get(now.length)!;
        },
      };
    },
    "queue/read-captures-before-a-later-write",
    "queue/read-captures-before-a-later-kernel",
  ));

test("an accumulation that is applied twice is caught", () =>
  caught(
    ({ kernels }) => ({
      kernels: {
        gemm(c, ab, params) {
          kernels.gemm(c, ab, params);
          if (params.accumulate) kernels.gemm(c, ab, params);
        },
      },
    }),
    "kernel/gemm/accumulate",
  ));

test("dimensions that are counted from the wrong end are caught", () =>
  caught(
    ({ kernels }) => ({
      kernels: {
        rearrange(y, x, params) {
          const turned = params.dims.length === 2 ? [...params.strides].reverse() : params.strides;
          kernels.rearrange(y, x, { ...params, strides: turned });
        },
      },
    }),
    "kernel/rearrange/transpose",
  ));

test("a choice that is turned round is caught", () =>
  caught(
    ({ kernels }) => ({
      kernels: { select: (y, { condition, a, b }, params) => kernels.select(y, { condition, a: b, b: a }, params) },
    }),
    "kernel/select/either",
  ));

test("indices that pass through float16 and lose their last bits are caught", () =>
  caught(
    ({ kernels }) => ({
      kernels: {
        gatherRows(y, { table, indices }, params) {
          const rounded = Int32Array.from(indices.data!, (i) => (i > 2048 ? i & ~1 : i));
          kernels.gatherRows(y, { table, indices: { data: rounded } }, params);
        },
      },
    }),
    "kernel/gather-rows/large-indices",
  ));
