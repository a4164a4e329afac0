import { describe, expect, test } from "vitest";
import type { GpuJs } from "./gpu-js.ts";
import { gpujs } from "./gpujs.ts";

const opening = { onError: () => {} };

describe("gpujs", () => {
  test("refuses what it does not know", () => {
    expect(() => gpujs({ mode: "webgl" as "webgl2" })).toThrow(
      'gpujs: mode is "webgpu", "webgl2", "auto", "cpu-debug", not "webgl"',
    );
    expect(() => gpujs({ threads: 2 } as object)).toThrow('gpujs: there is no option "threads"; the option is mode');
  });

  test("leaves the global GPU as it was", async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "GPU");
    await (await gpujs({ mode: "cpu-debug" }).open(opening)).close();
    expect(Object.getOwnPropertyDescriptor(globalThis, "GPU")).toEqual(before);
  });

  test("auto never takes cpu-debug: where there is no GPU it says what was missing", async () => {
    const without = (loaded: GpuJs): GpuJs => ({
      ...loaded,
      WebGPUContext: { acquire: () => Promise.reject(new Error("no device")) },
    });
    await expect(gpujs({ testing: { gpuJs: without } }).open(opening)).rejects.toThrow(/webgpu: .+; webgl2: .+/);
  });

  test("a kernel that gpu.js moves elsewhere is an error", async () => {
    const moved = (loaded: GpuJs): GpuJs => ({ ...loaded, CPUKernel: class WebGL2Kernel {} });
    await expect(gpujs({ mode: "cpu-debug", testing: { gpuJs: moved } }).open(opening)).rejects.toThrow(
      "a kernel for cpu-debug became a CPUKernel",
    );
  });

  test("a device that computes wrong numbers is not opened", async () => {
    const wrong = (loaded: GpuJs): GpuJs => ({
      ...loaded,
      input: (values, size) =>
        loaded.input(
          values.map((value) => value * 1.000001),
          size,
        ),
    });
    await expect(gpujs({ mode: "cpu-debug", testing: { gpuJs: wrong } }).open(opening)).rejects.toThrow(
      /it computes e\^\S+ as /,
    );
  });
});

describe("an open backend", () => {
  test("refuses mistakes of its caller at once", async () => {
    const backend = await gpujs({ mode: "cpu-debug" }).open(opening);
    const cell = backend.alloc("float", 2);
    expect(() => backend.alloc("float", -1)).toThrow("gpujs: alloc: the length is -1");
    expect(() => backend.write(cell, [1])).toThrow("gpujs: write: the data has 1 elements, the handle 2");
    const params = { fn: "sum", outer: 2 ** 25, axis: 1, inner: 1 } as const;
    expect(() => backend.kernels.reduce({ y: cell }, { x: cell }, params)).toThrow(
      "gpujs: reduce: 33554432 outer elements, and a kernel counts to 16777216; split them",
    );
    backend.free(cell);
    expect(() => backend.free(cell)).toThrow("gpujs: free: the handle was freed before");
    await backend.close();
  });

  test("lets the event loop turn while thousands of calls stand in its queue", async () => {
    const backend = await gpujs({ mode: "cpu-debug" }).open(opening);
    const cell = backend.alloc("float", 1000);
    backend.write(cell, new Float32Array(1000));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const params = { fn: "affine", alpha: 1, beta: 1, length: 1000 } as const;
    for (let i = 0; i < 5000; i++) backend.kernels.unary({ y: cell }, { x: cell }, params);
    expect((await backend.read(cell))[999]).toBe(5000);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    await backend.close();
  });
});
