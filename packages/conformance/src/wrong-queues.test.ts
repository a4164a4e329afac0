import { type PlainHandle, plain } from "@surprisal/backend-cpu/plain";
import type { Backend, BackendProvider, HostArray } from "@surprisal/core";
import { expect, test } from "vitest";
import { checkBackend } from "./check-backend.ts";
import { deferred } from "./deferred.ts";
import { failures, type Spoiling, spoiled } from "./fixtures/spoiled.ts";

function wrong(spoil: (backend: Backend<PlainHandle>) => Spoiling<PlainHandle>): () => BackendProvider<PlainHandle> {
  return () => spoiled(plain(), spoil);
}

const nextMacrotask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test("a read that looks at the handle later is caught", async () => {
  const create = wrong(({ read }) => ({ read: (handle) => nextMacrotask().then(() => read(handle)) }));
  const failed = Object.keys(await failures(create, "queue"));
  expect(failed).toContain("queue/read-captures-before-a-later-write");
  expect(failed).toContain("queue/read-captures-before-a-later-kernel");
  expect(failed).toContain("queue/read-captures-before-a-later-free");
});

test("a read that hands out the memory itself is caught", async () => {
  const create = wrong(() => ({ read: async (handle) => handle.data as HostArray }));
  expect(Object.keys(await failures(create, "queue"))).toContain("queue/read-gives-a-copy");
});

test("a write that keeps the caller's array is caught", async () => {
  // The data goes over when the handle is next used, as a lazy upload does it.
  const create = wrong(({ write, read }) => {
    const waiting = new Map<PlainHandle, ArrayLike<number>>();
    return {
      write(handle, data) {
        write(handle, data);
        waiting.set(handle, data);
      },
      read(handle) {
        const late = waiting.get(handle);
        if (late && handle.data?.every((value) => value !== 0)) write(handle, late);
        waiting.delete(handle);
        return read(handle);
      },
    };
  });
  expect(Object.keys(await failures(create, "queue"))).toContain("queue/write-copies-before-it-returns");
});

test("kernels that run in the wrong order are caught", async () => {
  // Each unary call is held back until the next one.
  const create = wrong(({ kernels }) => {
    let held: (() => void) | undefined;
    return {
      kernels: {
        unary(outputs, inputs, params) {
          const before = held;
          held = () => kernels.unary(outputs, inputs, params);
          before?.();
        },
      },
    };
  });
  const failed = Object.keys(await failures(create, "queue"));
  expect(failed).toContain("queue/kernels-take-effect-in-order");
  expect(failed).toContain("queue/write-between-kernels");
});

test("results that differ from call to call are caught", async () => {
  let calls = 0;
  const create = wrong(({ kernels }) => ({
    kernels: {
      gemm(c, ab, params) {
        kernels.gemm(c, ab, params);
        const data = c.c.data!;
        // One ulp, as atomics and races give it; too small for any tolerance of a float32 device.
        if (calls++ % 2 && data.length > 0) data[0]! *= 1 + 2 ** -23;
      },
    },
  }));
  expect(Object.keys(await failures(create, "queue"))).toEqual(["queue/the-same-call-twice-gives-the-same-bits"]);
});

test("a backend that never takes memory back is caught", async () => {
  const create = wrong(({ alloc }) => {
    let bytes = 0;
    return {
      alloc(kind, length) {
        bytes += 4 * length;
        if (bytes > 2 ** 28) throw new Error("out of memory");
        return alloc(kind, length);
      },
    };
  });
  expect(await failures(create, "memory")).toMatchObject({ "memory/freed-memory-comes-back": "out of memory" });
});

test("memory that is handed out twice is caught", async () => {
  const create = wrong(({ alloc }) => {
    let last: PlainHandle | undefined;
    let count = 0;
    return {
      alloc(kind, length) {
        const handle = alloc(kind, length);
        // Every hundredth float handle shares the memory of the one before.
        if (kind === "float" && ++count % 100 === 0 && last?.data?.length === length) handle.data = last.data;
        last = handle;
        return handle;
      },
    };
  });
  expect(Object.keys(await failures(create, "memory"))).toContain("memory/many-handles");
});

test("a backend that hangs fails instead of hanging the check, and is not asked for ever", async () => {
  const create = wrong(() => ({ read: () => new Promise(() => {}) }));
  const failed = await failures(create, "queue", 50);
  expect(failed["queue/write-then-read"]).toBe("queue/write-then-read: no answer within 50 ms");
  expect(failed["queue/write-between-kernels"]).toContain("not run: the backend gave no answer in 3 cases");
});

test("a kernel that throws for NaN is caught", async () => {
  const create = wrong(({ kernels }) => ({
    kernels: {
      unary(y, { x }, params) {
        if (x.data!.some(Number.isNaN)) throw new Error("NaN is not allowed");
        kernels.unary(y, { x }, params);
      },
    },
  }));
  expect(await failures(create, "kernel/unary")).toMatchObject({ "kernel/unary/exp-non-finite": "NaN is not allowed" });
});

test("a failure that comes after the last read is blamed on its case", async () => {
  const create = (): BackendProvider =>
    spoiled(plain(), ({ kernels }, { onError }) => ({
      kernels: {
        fill(y, x, params) {
          kernels.fill(y, x, params);
          if (params.value === 0.1) queueMicrotask(() => onError(new Error("validation error")));
        },
      },
    })) as BackendProvider;
  expect(await failures(create, "kernel/fill")).toEqual({
    "kernel/fill/values": "onError was called: validation error",
  });
});

test("a backend that fails as it closes is caught", async () => {
  const create = wrong(() => ({ close: () => Promise.reject(new Error("buffers were lost")) }));
  expect(await failures(create, "kernel/fill")).toEqual({ "backend/close": "buffers were lost" });
});

test("a device that answers zeros once it is lost is caught", async () => {
  const create = wrong(({ read }) => {
    let reads = 0;
    return { read: async (handle) => (++reads > 10 ? (await read(handle)).fill(0) : read(handle)) };
  });
  const failed = Object.keys(await failures(create, "kernel/gemm"));
  expect(failed).toContain("kernel/gemm/batch");
});

test("a backend that cannot be opened fails every case and says why", async () => {
  const create = (): BackendProvider => ({ name: "none", open: () => Promise.reject(new Error("no adapter")) });
  const report = await checkBackend({ name: "none", create }, { filter: (id) => id.startsWith("kernel/fill") });
  expect(report).toMatchObject({ passed: 1, failed: 3, facts: undefined });
  expect(report.verdicts[0]).toMatchObject({ id: "kernel/fill/values", message: "no adapter" });
});

test("one failed kernel of a deferred backend fails the case that met it, and no other", async () => {
  let armed = true;
  const create = (): BackendProvider =>
    deferred(plain(), {
      failKernel: (name) => {
        const fails = armed && name === "select";
        if (fails) armed = false;
        return fails;
      },
    });
  expect(await failures(create, "kernel/select")).toEqual({
    "kernel/select/either": "select: injected failure of call 1",
  });
});
