import { plain } from "@surprisal/backend-cpu/plain";
import { expect, test } from "vitest";
import { type InstrumentedBackend, instrument } from "./instrument.ts";

async function open(): Promise<InstrumentedBackend> {
  return instrument(await plain().open({ onError: () => {} }));
}

const square = { m: 2, n: 2, k: 2, batch: 1, transA: false, transB: false, accumulate: false };

test("handles, bytes, calls and shapes are counted", async () => {
  const backend = await open();
  const [a, b] = [backend.alloc("float", 4), backend.alloc("i32", 3)];
  backend.kernels.fill({ y: a }, {}, { value: 1, length: 4 });
  backend.free(b);
  expect(backend.usage).toMatchObject({ made: 2, freed: 1, live: 1, liveBytes: 16, peakBytes: 28 });
  expect(backend.usage.kernelCalls.get("fill")).toBe(1);
  expect([...backend.usage.shapes.get("fill")!]).toEqual(["length=4"]);
});

test("use after free, double free and foreign handles throw", async () => {
  const [backend, other] = [await open(), await open()];
  const handle = backend.alloc("float", 4);
  backend.free(handle);
  expect(() => backend.free(handle)).toThrow("free: the handle was freed");
  expect(() => backend.write(handle, [1, 2, 3, 4])).toThrow("write: the handle was freed");
  expect(() => backend.kernels.fill({ y: handle }, {}, { value: 0, length: 4 })).toThrow(
    "fill.y: the handle was freed",
  );
  expect(() => backend.free(other.alloc("float", 1))).toThrow("not one of this backend");
});

test("aliasing throws where the contract forbids it", async () => {
  const { alloc, kernels } = await open();
  const [a, b] = [alloc("float", 4), alloc("float", 4)];
  expect(() => kernels.gemm({ c: a }, { a, b }, square)).toThrow("gemm: c may not be the same handle as a");
  const strides = { outer: 1, axis: 2, inner: 2, bStrides: [0, 2, 1], fn: "add", alpha: 1, beta: 1 } as const;
  kernels.binary({ y: a }, { a, b }, { ...strides, aStrides: [0, 2, 1] });
  expect(() => kernels.binary({ y: a }, { a, b }, { ...strides, aStrides: [0, 0, 1] })).toThrow("y may not be");
  const params = { rows: 2, classes: 2, inner: 1, smoothing: 0, scale: 1 };
  kernels.softmaxCrossEntropy({ gradient: a }, { logits: a }, params);
  const [rows, state] = [alloc("float", 2), alloc("float", 6)];
  expect(() => kernels.softmaxCrossEntropy({ rowLoss: rows }, { logits: a, rowScale: rows }, params)).toThrow(
    "rowScale",
  );
  expect(() => kernels.softmaxCrossEntropy({ state }, { logits: a, state }, params)).toThrow("state may not be");
});

test("lengths and kinds are those that the numbers of the call say", async () => {
  const { alloc, kernels, write } = await open();
  const [four, three] = [alloc("float", 4), alloc("float", 3)];
  expect(() => kernels.gemm({ c: three }, { a: four, b: alloc("float", 4) }, square)).toThrow("should be float of 4");
  expect(() => write(three, [1])).toThrow("write: 1 numbers for a handle of 3");
  const params = { rows: 3, cols: 1, tableRows: 4 };
  expect(() => kernels.gatherRows({ y: three }, { table: four, indices: alloc("float", 3) }, params)).toThrow(
    "i32 of 3",
  );
});

test("outputs are poisoned, but not what a kernel accumulates into", async () => {
  const seen: unknown[] = [];
  const inner = await plain().open({ onError: () => {} });
  const spy = instrument({
    ...inner,
    kernels: { ...inner.kernels, gemm: ({ c }) => void inner.read(c).then((data) => seen.push(Array.from(data))) },
  });
  const [a, b, c] = [spy.alloc("float", 4), spy.alloc("float", 4), spy.alloc("float", 4)];
  spy.write(c, [1, 2, 3, 4]);
  spy.kernels.gemm({ c }, { a, b }, { ...square, accumulate: true });
  await spy.read(a);
  spy.kernels.gemm({ c }, { a, b }, square);
  await spy.read(a);
  expect(seen).toEqual([[1, 2, 3, 4], Array(4).fill(Number.NaN)]);
});
