import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { workers } from "./index.ts";

const opening = { onError: () => {} };

describe("workers", () => {
  it("refuses options and values that there are not", () => {
    expect(() => workers({ cores: 2 } as never)).toThrow(
      'workers: there is no option "cores"; the options are threads, variant, workerUrl',
    );
    for (const threads of [0, -1, 1.5, Number.NaN, 65, 2n, null] as number[]) {
      expect(() => workers({ threads })).toThrow(`workers: threads is a whole number from 1 to 64, not ${threads}`);
    }
    expect(() => workers({ threads: "2" as never })).toThrow('from 1 to 64, not "2"');
    expect(() => workers(null as never)).toThrow("workers: the options are null, not an object such as { threads: 2 }");
    expect(() => workers({ workerUrl: "worker.js" })).toThrow(
      'workers: workerUrl "worker.js" is no address; without a page it must be absolute: new URL(…, import.meta.url)',
    );
    expect(() => workers({ variant: "fast" as never })).toThrow('variant is "auto", "relaxed" or "strict", not "fast"');
  });

  it("says what it is, and how many threads compute", async () => {
    const backend = await workers({ threads: 2, variant: "strict" }).open(opening);
    expect(backend.facts).toMatchObject({ name: "workers", precision: "f32", variant: "strict", threads: 2 });
    expect(backend.facts.device).toMatch(/^WebAssembly SIMD \(strict\) on 2 threads, [\d.]+ [GM]iB at most$/);
    await backend.close();
    const fastest = await workers().open(opening);
    expect(fastest.facts.threads).toBe(Math.min(8, availableParallelism()));
    await fastest.close();
  });

  it("gives the reason where a worker cannot start", async () => {
    const provider = workers({ threads: 2, workerUrl: new URL("file:///nowhere/worker.js") });
    await expect(provider.open(opening)).rejects.toThrow(/worker 0 ended 5 times .*(nowhere|Cannot find module)/s);
  });
});
