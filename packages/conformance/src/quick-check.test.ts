import { plain } from "@surprisal/backend-cpu/plain";
import type { Backend, BackendProvider } from "@surprisal/core";
import { expect, test } from "vitest";
import { cases } from "./cases.ts";
import { deferred } from "./deferred.ts";
import { spoiled } from "./fixtures/spoiled.ts";
import { QUICK_CASES, quickCheck } from "./quick-check.ts";

const opened = async (provider: BackendProvider): Promise<Backend> => provider.open({ onError: () => {} });

test("each of its cases is one of the kit's, and of the quick tier", () => {
  const quick = cases.filter(({ tier }) => tier === "quick").map(({ id }) => id);
  expect(QUICK_CASES.filter((id) => !quick.includes(id))).toEqual([]);
  expect(new Set(QUICK_CASES.map((id) => id.split("/")[0]))).toEqual(new Set(["queue", "memory", "kernel", "fusion"]));
});

test.each<[string, BackendProvider]>([
  ["plain", plain()],
  ["plain in float64", plain({ precision: "f64" })],
  ["plain under the rules of gpu.js", deferred(plain())],
])("%s passes, and stays open", async (_, provider) => {
  const backend = await opened(provider);
  expect(await quickCheck(backend)).toEqual({ cases: QUICK_CASES.length });
  const handle = backend.alloc("float", 1);
  backend.write(handle, [3]);
  expect([...(await backend.read(handle))]).toEqual([3]);
  await backend.close();
});

test("names the first case that fails, and what it got", async () => {
  const wrong = spoiled(plain(), ({ kernels }) => ({
    kernels: { gemm: (outputs, inputs, params) => kernels.gemm(outputs, inputs, { ...params, transA: false }) },
  }));
  const { fault } = await quickCheck(await opened(wrong as BackendProvider));
  expect(fault!.id).toBe("kernel/gemm/transposes");
  expect(fault!.message).toMatch(/expected .*, got /);
});

test("ends between two cases when it is given up", async () => {
  const signal = AbortSignal.abort(new Error("given up"));
  await expect(quickCheck(await opened(plain() as BackendProvider), { signal })).rejects.toThrow("given up");
});
