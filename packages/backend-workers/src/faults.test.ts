import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { add, type Backend, openDevice } from "@surprisal/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sameBits } from "../testing/in-step.ts";
import { largeCalls, outcome } from "../testing/large-calls.ts";
import { singleBlocks } from "../testing/schedules.ts";
import { soak } from "../testing/soak.ts";
import { workers } from "./index.ts";
import type { TestingOptions } from "./pool-backend.ts";

const open = async (threads: number, testing: TestingOptions, onError: (error: Error) => void = () => {}) =>
  (await workers({ threads, testing }).open({ onError })) as Backend;

const [aCall] = largeCalls.filter(({ name }) => name === "unary exp, in place too");

async function expected() {
  const reference = (await cpu().open({ onError: () => {} })) as Backend;
  const results = await outcome(reference, aCall!);
  await reference.close();
  return results;
}

async function holds(backend: Backend): Promise<void> {
  const found = await outcome(backend, aCall!);
  for (const [i, array] of (await expected()).entries()) sameBits(array, found[i]!);
}

describe("workers that die", () => {
  const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000);

  it(`do no harm: 60 deaths at random, seed ${seed} (SOAK_SEED repeats it)`, { timeout: 180_000 }, async () => {
    const { deaths, calls } = await soak({ seed, deaths: 60 });
    expect(Object.values(deaths).reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(60);
    expect(calls).toBeGreaterThan(0);
  });

  it("are replaced when they hang, and nobody waits for more than a second", async () => {
    const onDeath = vi.fn();
    const backend = await open(3, { chunking: singleBlocks, faults: { seed: 3, hangEvery: 100 }, onDeath });
    let slowest = 0;
    for (const end = performance.now() + 20_000; onDeath.mock.calls.length === 0 && performance.now() < end; ) {
      const start = performance.now();
      await holds(backend);
      slowest = Math.max(slowest, performance.now() - start);
    }
    expect(onDeath.mock.calls[0]).toEqual([expect.stringMatching(/^it (gave no answer|saw no job) for 700 ms$/)]);
    // Both of its calls may meet one that hangs, and the machine may be busy.
    expect(slowest).toBeLessThan(5000);
    await backend.close();
  });

  it("again and again with nothing done lose the device: calls throw, reads reject, closing rejects", async () => {
    const onError = vi.fn();
    const backend = await open(2, { chunking: singleBlocks, faults: { seed: 1, killEvery: 1 } }, onError);
    const length = 100_000;
    const x = backend.alloc("float", length);
    backend.write(x, new Float32Array(length));
    const lost = /device is lost: worker 0 ended 5 times with nothing done/;
    await expect(async () => {
      for (let i = 0; i < 400; i++) {
        backend.kernels.fill({ y: x }, {}, { value: 1, length });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }).rejects.toThrow(lost);
    await expect(backend.read(x)).rejects.toThrow(lost);
    expect(onError).toHaveBeenCalledTimes(1);
    await expect(backend.close()).rejects.toThrow("ended 5 times");
  });

  it("and so a model's error is typed", async () => {
    const testing = { chunking: singleBlocks, faults: { seed: 1, killEvery: 1 } };
    const device = await openDevice([workers({ threads: 2, testing })]);
    const train = async (): Promise<void> => {
      for (let i = 0; i < 400; i++) {
        const x = device.tensor(new Float32Array(100_000));
        await add(x, x).data();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await expect(train()).rejects.toMatchObject({ code: "LOST" });
    await device.close().catch(() => {});
  });
});

describe("a caller that is busy with something else", () => {
  it("takes no worker for dead", async () => {
    const onDeath = vi.fn();
    const backend = await open(4, { chunking: singleBlocks, patienceMs: 200, onDeath });
    await holds(backend);
    for (const end = performance.now() + 1000; performance.now() < end; );
    await holds(backend);
    expect(onDeath).not.toHaveBeenCalled();
    await backend.close();
  });
});

describe("where memory cannot be shared", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("opening says which headers are missing, and the next candidate is taken", async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    vi.stubGlobal("crossOriginIsolated", false);
    const device = await openDevice([workers(), plain()]);
    expect(device.report.candidates[0]).toMatchObject({ name: "workers", status: "unavailable" });
    expect(device.report.candidates[0]!.reason).toMatch(
      /^crossOriginIsolated is false: .*Cross-Origin-Opener-Policy: same-origin .*Cross-Origin-Embedder-Policy: require-corp/,
    );
    await device.close();
  });
});
