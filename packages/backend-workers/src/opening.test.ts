import { loadKernelModule } from "@surprisal/backend-cpu/kernels";
import { type Backend, openDevice } from "@surprisal/core";
import { describe, expect, it, vi } from "vitest";
import { singleBlocks } from "../testing/schedules.ts";
import { computingWorkerSource } from "./computing-worker.generated.ts";
import { workers } from "./index.ts";
import { openPoolBackend } from "./pool-backend.ts";
import { type StartThread, type Thread, threads } from "./threads.ts";

/** Threads that can be had or not, and how many there are. */
function platform() {
  const begin = threads(computingWorkerSource);
  const alive = new Set<Thread>();
  const has = { room: Number.POSITIVE_INFINITY };
  const start: StartThread = (setup, name, { onEnd, ...events }) => {
    if (has.room-- <= 0) throw new Error("EAGAIN");
    const thread = begin(setup, name, {
      ...events,
      onEnd(ending) {
        alive.delete(thread);
        onEnd(ending);
      },
    });
    alive.add(thread);
    return thread;
  };
  return { alive, has, start };
}

const onError = vi.fn();

async function open(start: StartThread, signal?: AbortSignal): Promise<Backend> {
  const kernels = await loadKernelModule("auto", { shared: true });
  const testing = { chunking: singleBlocks, patienceMs: 100 };
  const { backend } = await openPoolBackend({ ...kernels, threads: 4, start, onError, signal, testing });
  return backend as Backend;
}

describe("a platform that has no more threads", () => {
  it("makes opening fail with its reason, and leaves none running", async () => {
    const { alive, has, start } = platform();
    has.room = 2;
    await expect(open(start)).rejects.toThrow("worker 2 ended 5 times with nothing done, at last because EAGAIN");
    await vi.waitFor(() => expect(alive.size).toBe(0));
    expect(onError).not.toHaveBeenCalled();
  });

  it("when a dead one is to be replaced, leaves the work to the others until there are some again", async () => {
    const { alive, has, start } = platform();
    const backend = await open(start);
    const length = 100_000;
    const y = backend.alloc("float", length);
    const compute = async (value: number): Promise<void> => {
      backend.kernels.fill({ y }, {}, { value, length });
      expect(new Set(await backend.read(y))).toEqual(new Set([value]));
      await new Promise(setImmediate);
    };
    has.room = 0;
    await [...alive][0]!.terminate();
    for (let i = 0; i < 20; i++) await compute(i);
    expect(alive.size).toBe(2);
    has.room = 1;
    for (let i = 0; alive.size < 3 && i < 2000; i++) await compute(i);
    expect(alive.size).toBe(3);
    await compute(-1);
    expect(onError).not.toHaveBeenCalled();
    await backend.close();
    await vi.waitFor(() => expect(alive.size).toBe(0));
  });
});

describe("a signal", () => {
  it("that is aborted lets nothing begin", async () => {
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(workers().open({ onError() {}, signal })).rejects.toThrow("too late");
  });

  it("ends opening with its reason, and leaves no thread running", async () => {
    const { alive, start } = platform();
    const stop = new AbortController();
    const opening = open((...call) => {
      queueMicrotask(() => stop.abort(new Error("enough")));
      return start(...call);
    }, stop.signal);
    await expect(opening).rejects.toThrow("enough");
    await vi.waitFor(() => expect(alive.size).toBe(0));
  });

  it("goes through openDevice", async () => {
    const stop = new AbortController();
    const opening = openDevice([workers({ threads: 16 })], { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 5);
    await expect(opening).rejects.toThrow("enough");
  });

  it("changes nothing that is open", async () => {
    const stop = new AbortController();
    const backend = await workers({ threads: 2 }).open({ onError() {}, signal: stop.signal });
    stop.abort();
    const y = backend.alloc("float", 1);
    backend.kernels.fill({ y }, {}, { value: 2, length: 1 });
    expect([...(await backend.read(y))]).toEqual([2]);
    await backend.close();
  });
});
