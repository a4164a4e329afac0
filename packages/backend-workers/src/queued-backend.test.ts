import { cpu } from "@surprisal/backend-cpu";
import { loadKernelModule } from "@surprisal/backend-cpu/kernels";
import type { Backend, Facts } from "@surprisal/core";
import { describe, expect, it, vi } from "vitest";
import { sameBits } from "../testing/in-step.ts";
import { largeCalls, outcome } from "../testing/large-calls.ts";
import { CONTROL_BYTES } from "./control.ts";
import { workers } from "./index.ts";
import { openQueuedBackend } from "./queued-backend.ts";
import type { ThreadEvents } from "./threads.ts";

const open = async (options: Parameters<typeof workers>[0] = {}) => {
  const onError = vi.fn();
  const testing = { ...options.testing, queued: true };
  return { backend: (await workers({ threads: 3, ...options, testing }).open({ onError })) as Backend, onError };
};

describe("queued calls", () => {
  it("have the bits of cpu, also while workers die", { timeout: 120_000 }, async () => {
    const reference = (await cpu().open({ onError: () => {} })) as Backend;
    const { backend } = await open({ testing: { faults: { seed: 8, killEvery: 200 } } });
    for (const call of largeCalls) {
      const [expected, found] = [await outcome(reference, call), await outcome(backend, call)];
      for (const [i, array] of expected.entries()) sameBits(array, found[i]!);
    }
    await backend.close();
    await reference.close();
  });

  it("that fail poison what depends on them, and nothing else", async () => {
    const { backend, onError } = await open();
    const { maxLength } = backend.facts;
    const most = backend.alloc("float", maxLength - 100_000);
    const none = backend.alloc("float", 200_000);
    const [x, y] = [backend.alloc("float", 3), backend.alloc("float", 3)];
    backend.write(x, [1, 2, 3]);
    const shape = { dims: [3], strides: [1], offset: 0, from: [0], to: [3] };
    backend.kernels.rearrange({ y }, { x: none }, shape);
    await expect(backend.read(y)).rejects.toThrow("no room for 781.3 KiB");
    backend.kernels.rearrange({ y }, { x }, shape);
    expect([...(await backend.read(y))]).toEqual([1, 2, 3]);
    expect([...(await backend.read(x))]).toEqual([1, 2, 3]);
    expect(onError).toHaveBeenCalledTimes(1);
    for (const handle of [most, none, x, y]) backend.free(handle);
    expect(() => backend.free(x)).toThrow("workers: free: the handle was freed before");
    await backend.close();
    expect(() => backend.alloc("float", 1)).toThrow("workers: alloc: the backend is closed; open another");
  });

  it("that fail unread are told when the backend is closed", async () => {
    const { backend } = await open();
    backend.alloc("float", backend.facts.maxLength - 100_000);
    backend.alloc("float", 200_000);
    await expect(backend.close()).rejects.toThrow("no room for 781.3 KiB");
  });
});

describe("a coordinator", () => {
  /** A backend whose coordinator opens, and then does what the test does. */
  async function opened() {
    let events!: ThreadEvents;
    const onError = vi.fn();
    const terminate = vi.fn(async () => {});
    const facts = { maxLength: 1000 } as Facts;
    const backend = await openQueuedBackend({
      ...(await loadKernelModule("auto", { shared: true })),
      threads: 2,
      workerUrl: undefined,
      onError,
      testing: {},
      start(_setup, _name, given) {
        events = given;
        const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
        const control = new SharedArrayBuffer(CONTROL_BYTES);
        queueMicrotask(() =>
          events.onMessage!({ answer: "open", facts, kernels: ["fill"], memory, limitBytes: 65_536, control }),
        );
        return { post() {}, terminate };
      },
    });
    return { backend, events, onError, terminate };
  }

  it("that ends loses the device: reads reject, calls throw", async () => {
    const { backend, events, onError } = await opened();
    const x = backend.alloc("float", 1);
    const reading = backend.read(x);
    events.onEnd({ reason: "out of memory", confirmed: true });
    await expect(reading).rejects.toThrow("the device is lost: the coordinator of the workers ended: out of memory");
    expect(() => backend.alloc("float", 1)).toThrow("workers: alloc: the device is lost");
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it("that says nothing for three seconds while somebody waits is taken for dead", async () => {
    vi.useFakeTimers();
    try {
      const { backend, terminate } = await opened();
      const reading = backend.read(backend.alloc("float", 1));
      const rejected = expect(reading).rejects.toThrow("it gave no answer for 3000 ms");
      await vi.advanceTimersByTimeAsync(5000);
      await rejected;
      expect(terminate).toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });
});
