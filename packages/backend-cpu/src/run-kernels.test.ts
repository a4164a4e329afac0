import { expect, it } from "vitest";
import { CpuHandle } from "./cpu-handle.ts";
import { type KernelTable, phaseRunner, type WasmFunctions } from "./kernels/index.ts";
import { PAGE_BYTES, TensorMemory } from "./memory/tensor-memory.ts";
import { kernelsOn } from "./run-kernels.ts";

const LOCAL = 4096;

/** The kernel `fill` as `plan`, over a memory of 16 pages and functions that note how they are called. */
function fillAs(plan: KernelTable["fill"]) {
  const tensors = new TensorMemory(new WebAssembly.Memory({ initial: 2, maximum: 16 }), 16 * PAGE_BYTES);
  const calls: [string, ...number[]][] = [];
  const noting =
    (name: string) =>
    (...args: number[]) =>
      calls.push([name, ...args]);
  const wasm = { moveBox: noting("moveBox"), gatherRows: noting("gatherRows") } as Partial<WasmFunctions>;
  const runPhase = phaseRunner(wasm as WasmFunctions, LOCAL);
  const kernels = kernelsOn({ fill: plan }, () => ({ tensors, runPhase }));
  const y = new CpuHandle("float", 1, tensors.alloc(4));
  const fill = (): void => kernels.fill({ y }, {}, { value: 1, length: 1 });
  return { tensors, calls, fill };
}

it("runs the phases of a call one after the other, all blocks at once, and none that has no block", () => {
  const { calls, fill } = fillAs(() => [
    { run: "moveBox", args: [7, 8], blocks: 5, grain: 1 },
    { run: "moveBox", args: [9], blocks: 0, grain: 1 },
    { run: "gatherRows", args: [], blocks: 1, grain: 1 },
  ]);
  fill();
  expect(calls).toEqual([
    ["moveBox", 7, 8, 0, 5, LOCAL],
    ["gatherRows", 0, 1, LOCAL],
  ]);
});

it("frees scratch after the call, and when a part of it throws", () => {
  let fails: "not" | "plan" | "run" = "not";
  const { tensors, fill } = fillAs((_outputs, _inputs, _params, scratch) => {
    expect(scratch(PAGE_BYTES)).not.toBe(scratch(PAGE_BYTES));
    if (fails === "plan") throw new Error("no such plan");
    const run = fails === "run" ? "scatterAddRows" : "moveBox";
    return [{ run, args: [], blocks: 1, grain: 1 }];
  });
  const { used } = tensors;
  for (fails of ["not", "plan", "run"] as const) {
    if (fails === "not") fill();
    else expect(fill).toThrow(fails === "plan" ? "no such plan" : "not a function");
    expect(tensors.used).toBe(used);
  }
});

it("frees what it had when there is no room for more", () => {
  const { tensors, fill } = fillAs((_outputs, _inputs, _params, scratch) => {
    scratch(4 * PAGE_BYTES);
    scratch(40 * PAGE_BYTES);
    return [];
  });
  const { used } = tensors;
  expect(fill).toThrow("no room for 2.5 MiB");
  expect(tensors.used).toBe(used);
});
