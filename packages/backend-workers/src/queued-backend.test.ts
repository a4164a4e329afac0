import { cpu } from "@surprisal/backend-cpu";
import { loadKernelModule } from "@surprisal/backend-cpu/kernels";
import type { Backend, Facts } from "@surprisal/core";
import { beforeEach, describe, expect, it, vi } from "vitest";
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
  const onError = vi.fn();
  const terminate = vi.fn(async () => {});
  beforeEach(() => {
    onError.mockClear();
    terminate.mockClear();
  });

  /** Opens a backend whose coordinator does what the test does. */
  async function open(begun: (events: ThreadEvents) => void, signal?: AbortSignal) {
    return openQueuedBackend({
      ...(await loadKernelModule("auto", { shared: true })),
      threads: 2,
      workerUrl: undefined,
      onError,
      signal,
      testing: {},
      start(_setup, _name, events) {
        begun(events);
        return { post() {}, terminate };
      },
    });
  }

  async function opened() {
    let events!: ThreadEvents;
    const backend = await open((given) => {
      events = given;
      const facts = { maxLength: 1000 } as Facts;
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      const control = new SharedArrayBuffer(CONTROL_BYTES);
      events.onMessage!({ answer: "open", facts, kernels: ["fill"], memory, limitBytes: 65_536, control });
    });
    return { backend, events };
  }

  it("that does not open is given up when the signal says so", async () => {
    const stop = new AbortController();
    const opening = open(() => setTimeout(() => stop.abort(new Error("enough")), 20), stop.signal);
    await expect(opening).rejects.toThrow("enough");
    expect(terminate).toHaveBeenCalledTimes(1);
    expect(onError).not.toHaveBeenCalled();
  });

  it("that cannot open says why", async () => {
    await expect(open(({ onEnd }) => onEnd({ reason: "no script", confirmed: true }))).rejects.toThrow(/^no script$/);
    const refused = open(({ onMessage }) => onMessage!({ answer: "refused", reason: "no memory" }));
    await expect(refused).rejects.toThrow(/^no memory$/);
    expect(terminate).toHaveBeenCalledTimes(2);
  });

  it("that ends loses the device: reads reject, calls throw", async () => {
    const { backend, events } = await opened();
    const x = backend.alloc("float", 1);
    const reading = backend.read(x);
    events.onEnd({ reason: "out of memory", confirmed: true });
    await expect(reading).rejects.toThrow("the device is lost: the coordinator of the workers ended: out of memory");
    expect(() => backend.alloc("float", 1)).toThrow("workers: alloc: the device is lost");
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it.each([
    { what: "a read", wait: (backend: Backend) => backend.read(backend.alloc("float", 1)) },
    { what: "closing", wait: (backend: Backend) => backend.close() },
  ])("that says nothing for three seconds while $what waits is taken for dead", async ({ wait }) => {
    vi.useFakeTimers();
    try {
      const { backend } = await opened();
      const rejected = expect(wait(backend as Backend)).rejects.toThrow("it gave no answer for 3000 ms");
      await vi.advanceTimersByTimeAsync(5000);
      await rejected;
      expect(terminate).toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1000);
      expect(vi.getTimerCount(), "nobody looks any more").toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
