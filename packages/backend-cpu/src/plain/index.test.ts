import { describe, expect, it } from "vitest";
import { plain } from "./index.ts";

const open = async (precision: "f32" | "f64") => plain({ precision }).open({ onError: () => {} });

describe("plain memory", () => {
  it("states its precision as facts", async () => {
    expect((await open("f32")).facts).toMatchObject({ precision: "f32-rounded", floatBytes: 4, variant: "plain-f32" });
    expect((await open("f64")).facts).toMatchObject({ precision: "f64", floatBytes: 8, variant: "plain-f64" });
  });

  it("says what it is: every optional fact, one thread, the longest array that an int32 counts", async () => {
    expect((await open("f32")).facts).toEqual({
      name: "plain",
      precision: "f32-rounded",
      floatBytes: 4,
      variant: "plain-f32",
      strictNonFinite: true,
      maxLength: 2147483647,
      innerClass: true,
      lossTerms: true,
      lossDiagnostics: true,
      lossTemperature: true,
      lossMarks: true,
      threads: 1,
      device: "JavaScript",
    });
    expect(plain().name).toBe("plain");
  });

  it("refuses what it does not know", () => {
    expect(() => plain({ precison: "f64" } as never)).toThrow(
      'plain: there is no option "precison"; the option is precision',
    );
    expect(() => plain({ precision: "f16" as never })).toThrow('plain: precision is "f32" or "f64", not "f16"');
    expect(() => plain({ precision: "toString" as never })).toThrow('plain: precision is "f32" or "f64"');
  });

  it("keeps labels in integers", async () => {
    const { alloc, write, read } = await open("f32");
    const labels = alloc("i32", 2);
    write(labels, [2 ** 24 + 1, -1]);
    expect(await read(labels)).toEqual(Int32Array.of(16777217, -1));
  });

  it("rounds once, when a number is written or stored", async () => {
    const { alloc, write, read, kernels } = await open("f32");
    const x = alloc("float", 1);
    write(x, [0.1]);
    expect([...(await read(x))]).toEqual([Math.fround(0.1)]);
    kernels.unary({ y: x }, { x }, { fn: "affine", alpha: 1 / 3, beta: 1e-9, length: 1 });
    expect([...(await read(x))]).toEqual([Math.fround(Math.fround(0.1) / 3 + 1e-9)]);
  });

  it("reads the value of the moment, whatever is called before the promise resolves", async () => {
    const { alloc, free, read, kernels } = await open("f64");
    const y = alloc("float", 2);
    kernels.fill({ y }, {}, { value: 1, length: 2 });
    const before = read(y);
    kernels.fill({ y }, {}, { value: 2, length: 2 });
    const after = read(y);
    free(y);
    expect([...(await before), ...(await after)]).toEqual([1, 1, 2, 2]);
  });

  it("names the mistake after a handle was freed, and for a length that no array has", async () => {
    const { alloc, free, write, read, kernels } = await open("f32");
    const y = alloc("i32", 1);
    free(y);
    expect(() => free(y)).toThrow("plain: free: the handle was freed before");
    expect(() => write(y, [1])).toThrow("plain: write: the handle was freed before");
    expect(() => kernels.fill({ y }, {}, { value: 1, length: 1 })).toThrow("plain: fill: y: the handle was freed");
    await expect(read(y)).rejects.toThrow("plain: read: the handle was freed before");
    expect(() => write(alloc("float", 2), [1])).toThrow("the data has 1 elements, the handle 2");
    expect(() => write(alloc("float", 2), [1])).toThrow("plain: write: the data has 1 elements");
    for (const length of [-1, 0.5, Number.NaN, 2 ** 31, 1e12]) {
      expect(() => alloc("float", length)).toThrow(`plain: alloc: the length is ${length}, not an integer from 0 to`);
    }
  });

  it("works on nothing", async () => {
    const { alloc, read, close, kernels } = await open("f32");
    const empty = alloc("float", 0);
    kernels.unary({ y: empty }, { x: empty }, { fn: "exp", alpha: 0, beta: 0, length: 0 });
    expect((await read(empty)).length).toBe(0);
    await close();
  });
});
