import { plain } from "@surprisal/backend-cpu/plain";
import type { Backend } from "@surprisal/core";
import { expect, test } from "vitest";
import { type DeferredOptions, deferred } from "./deferred.ts";

async function open(options: DeferredOptions = {}): Promise<{ backend: Backend; errors: string[] }> {
  const errors: string[] = [];
  const backend = await deferred(plain(), options).open({ onError: (error) => errors.push(error.message) });
  return { backend, errors };
}

function float(backend: Backend, data: readonly number[]): unknown {
  const handle = backend.alloc("float", data.length);
  backend.write(handle, data);
  return handle;
}

const twice = { fn: "affine", alpha: 2, beta: 0, length: 2 } as const;

test("nothing has happened when a call returns", async () => {
  const { backend } = await open();
  const x = float(backend, [1, 2]);
  let resolved = false;
  const reading = backend.read(x).then((data) => {
    resolved = true;
    return data;
  });
  for (let i = 0; i < 100; i++) await Promise.resolve();
  expect(resolved).toBe(false);
  expect(Array.from(await reading)).toEqual([1, 2]);
});

test("aliasing that the contract forbids works, as on immutable buffers", async () => {
  const { backend } = await open();
  const a = float(backend, [1, 2, 3, 4]);
  backend.kernels.gemm(
    { c: a },
    { a, b: a },
    { m: 2, n: 2, k: 2, batch: 1, transA: false, transB: false, accumulate: false },
  );
  expect(Array.from(await backend.read(a))).toEqual([7, 10, 15, 22]);
});

test("integers read back as floats", async () => {
  const { backend } = await open();
  const handle = backend.alloc("i32", 2);
  backend.write(handle, [-1, 50_256]);
  expect(await backend.read(handle)).toEqual(Float32Array.of(-1, 50_256));
});

test("a failed call poisons what is computed from it, and other reads succeed", async () => {
  const { backend, errors } = await open({ failKernel: (name, index) => name === "unary" && index === 0 });
  const [x, y, z, other] = [
    float(backend, [1, 2]),
    backend.alloc("float", 2),
    backend.alloc("float", 2),
    float(backend, [5, 6]),
  ];
  backend.kernels.unary({ y }, { x }, twice);
  backend.kernels.unary({ y: z }, { x: y }, twice);
  await expect(backend.read(z)).rejects.toThrow("unary: injected failure of call 0");
  expect(Array.from(await backend.read(x))).toEqual([1, 2]);
  expect(Array.from(await backend.read(other))).toEqual([5, 6]);
  expect(errors).toEqual(["unary: injected failure of call 0"]);
  await backend.close();
});

test("a poisoned handle that is overwritten is well again", async () => {
  const { backend } = await open({ failKernel: (_name, index) => index === 0 });
  const [x, y] = [float(backend, [1, 2]), backend.alloc("float", 2)];
  backend.kernels.unary({ y }, { x }, twice);
  backend.kernels.unary({ y }, { x }, twice);
  expect(Array.from(await backend.read(y))).toEqual([2, 4]);
});

test("a failure that nobody reads rejects close", async () => {
  const { backend, errors } = await open({ failKernel: () => true });
  backend.kernels.fill({ y: backend.alloc("float", 2) }, {}, { value: 1, length: 2 });
  await expect(backend.close()).rejects.toThrow("fill: injected failure");
  expect(errors).toHaveLength(1);
});

test("a lost device poisons everything", async () => {
  const { backend } = await open({ loseDeviceAfter: 1 });
  const [x, y] = [float(backend, [1, 2]), backend.alloc("float", 2)];
  backend.kernels.unary({ y }, { x }, twice);
  expect(Array.from(await backend.read(y))).toEqual([2, 4]);
  backend.kernels.unary({ y }, { x }, twice);
  await expect(backend.read(x)).rejects.toThrow("the device was lost");
  await expect(backend.read(y)).rejects.toThrow("the device was lost");
});

test("more inputs than a launch takes fail", async () => {
  const { backend } = await open({ maxInputs: 1 });
  const [a, y] = [float(backend, [1, 2]), backend.alloc("float", 2)];
  backend.kernels.select({ y }, { condition: a, a, b: a }, { length: 2 });
  await expect(backend.read(y)).rejects.toThrow("3 inputs, and a launch takes 1");
});
