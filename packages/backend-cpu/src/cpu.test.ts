import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Backend } from "@surprisal/core";
import { describe, expect, it } from "vitest";
import { variants } from "../testing/kernel-lab.ts";
import { type CpuHandle, type CpuOptions, cpu } from "./index.ts";

const open = async (options?: CpuOptions): Promise<Backend<CpuHandle>> => cpu(options).open({ onError: () => {} });

/** Copies `x` to `y`: the least that a kernel can do. */
function copy({ kernels }: Backend<CpuHandle>, y: CpuHandle, x: CpuHandle): void {
  kernels.rearrange({ y }, { x }, { dims: [x.length], strides: [1], offset: 0, from: [0], to: [x.length] });
}

describe("cpu", () => {
  it("refuses options and variants that there are not", () => {
    expect(() => cpu({ threads: 2 } as never)).toThrow('cpu: there is no option "threads"; the option is variant');
    expect(() => cpu({ variant: "fast" } as never)).toThrow(
      'cpu: variant is "auto", "relaxed" or "strict", not "fast"',
    );
    expect(() => cpu({ variant: null } as never)).toThrow("not null");
  });

  it.for(variants)("says what it is ($variant)", async ({ variant, refusal }, { skip }) => {
    skip(refusal !== undefined, refusal);
    const { facts } = await open({ variant });
    expect(facts).toMatchObject({ name: "cpu", precision: "f32", floatBytes: 4, variant, threads: 1 });
    expect(facts.device).toMatch(new RegExp(`^WebAssembly SIMD \\(${variant}\\), [\\d.]+ [GM]iB at most$`));
    expect(facts.maxLength).toBeLessThan(2 ** 30);
  });

  it("holds what was written, through the growth that other tensors bring", async () => {
    const backend = await open();
    const x = backend.alloc("float", 3);
    const labels = backend.alloc("i32", 2);
    backend.write(x, [0.1, -2, Number.NaN]);
    backend.write(labels, new Float64Array([-1, 2 ** 24]));
    const before = backend.memory!().reservedBytes;
    const large = backend.alloc("float", 10_000_000);
    expect(backend.memory!().reservedBytes).toBeGreaterThan(before);
    expect(await backend.read(x)).toEqual(Float32Array.of(0.1, -2, Number.NaN));
    expect(await backend.read(labels)).toEqual(Int32Array.of(-1, 2 ** 24));
    backend.write(large, new Float32Array(10_000_000).fill(2));
    expect((await backend.read(large))[9_999_999]).toBe(2);
    expect(await backend.read(x)).toEqual(Float32Array.of(0.1, -2, Number.NaN));
  });

  it("reads the value of the moment, as a copy that the caller owns", async () => {
    const backend = await open();
    const [x, y] = [backend.alloc("float", 2), backend.alloc("float", 2)];
    backend.write(x, [1, 2]);
    backend.write(y, [3, 4]);
    const before = backend.read(y);
    copy(backend, y, x);
    const after = backend.read(y);
    backend.free(y);
    expect([...(await before), ...(await after)]).toEqual([3, 4, 1, 2]);
    (await after)[0] = 9;
    expect([...(await backend.read(x))]).toEqual([1, 2]);
    expect((await before).buffer.byteLength).toBe(8);
  });

  it("uses freed memory again", async () => {
    const backend = await open();
    for (let i = 0; i < 100; i++) {
      const handles = Array.from({ length: 10 }, (_, j) => backend.alloc("float", 10_000 * (j + 1)));
      for (const handle of handles) backend.free(handle);
    }
    expect(backend.memory!().reservedBytes).toBeLessThan(4 * 2 ** 20);
  });

  it("names the mistake after a handle was freed, and for a length that no handle has", async () => {
    const backend = await open();
    const [x, y] = [backend.alloc("float", 1), backend.alloc("float", 1)];
    backend.free(y);
    expect(() => backend.free(y)).toThrow("cpu: free: the handle was freed before");
    expect(() => backend.write(y, [1])).toThrow("cpu: write: the handle was freed before");
    expect(() => copy(backend, y, x)).toThrow("cpu: rearrange: y: the handle was freed before");
    expect(() => copy(backend, x, y)).toThrow("cpu: rearrange: x: the handle was freed before");
    await expect(backend.read(y)).rejects.toThrow("cpu: read: the handle was freed before");
    expect(() => backend.write(backend.alloc("float", 2), [1])).toThrow("the data has 1 elements, the handle 2");
    for (const length of [-1, 0.5, Number.NaN, 2 ** 30]) {
      expect(() => backend.alloc("float", length)).toThrow(`cpu: alloc: the length is ${length}, not an integer`);
    }
  });

  it("says when memory runs out, and goes on", async () => {
    const backend = await open();
    const { maxLength } = backend.facts;
    const most = backend.alloc("float", maxLength - 100_000);
    expect(() => backend.alloc("float", 200_000)).toThrow(/no room for 781.3 KiB: .* are in use, .*split the batch/);
    const { reservedBytes, limitBytes } = backend.memory!();
    expect(reservedBytes).toBeLessThanOrEqual(limitBytes);
    backend.free(most);
    backend.free(backend.alloc("float", maxLength));
  });

  it("works on nothing", async () => {
    const backend = await open();
    const [x, y] = [backend.alloc("float", 0), backend.alloc("float", 0)];
    copy(backend, y, x);
    expect((await backend.read(y)).length).toBe(0);
  });
});

describe("a closed backend", () => {
  it("says so, whatever is asked of it", async () => {
    const backend = await open();
    const x = backend.alloc("float", 1);
    await backend.close();
    expect(() => backend.alloc("float", 1)).toThrow("cpu: alloc: the backend is closed; open another");
    expect(() => backend.write(x, [1])).toThrow("cpu: write: the backend is closed");
    expect(() => backend.free(x)).toThrow("cpu: free: the backend is closed");
    expect(() => copy(backend, x, x)).toThrow("cpu: rearrange: the backend is closed");
    await expect(backend.read(x)).rejects.toThrow("cpu: read: the backend is closed");
    await expect(backend.close()).rejects.toThrow("cpu: close: the backend is closed");
  });

  it("lets go of its memory, even while handles are still held", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const memories: WeakRef<WebAssembly.Memory>[] = [];
    const Memory = WebAssembly.Memory;
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        memories.push(new WeakRef(this));
      }
    };
    try {
      const backend = await open();
      const handle = backend.alloc("float", 1_000_000);
      await backend.close();
      for (let i = 0; i < 50 && memories.some((memory) => memory.deref() !== undefined); i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        collectGarbage();
      }
      expect(memories.length).toBeGreaterThan(0);
      expect(memories.filter((memory) => memory.deref() !== undefined)).toEqual([]);
      expect([handle.length, backend.facts.name]).toEqual([1_000_000, "cpu"]);
    } finally {
      WebAssembly.Memory = Memory;
    }
  });
});
