import { describe, expect, it } from "vitest";
import { bundleWorker } from "../scripts/bundle-worker.mjs";
import { computingWorkerSource } from "./computing-worker.generated.ts";
import { workerSource } from "./worker.generated.ts";

describe.each([
  { name: "computing-worker", source: computingWorkerSource, most: 6000 },
  { name: "worker", source: workerSource, most: 60_000 },
] as const)("the script of $name", ({ name, source, most }) => {
  it("is what it and its imports bundle to; if not, run pnpm worker", async () => {
    expect(await bundleWorker(name), "run pnpm worker").toBe(source);
  });

  it("is one module, which takes nothing from Node but its threads, where they are", () => {
    expect(source).not.toMatch(/^import /m);
    expect(new Set(source.match(/\bnode:\w+/g))).toEqual(new Set(["node:worker_threads"]));
    expect(source.length).toBeLessThan(most);
  });
});
