import { describe, expect, it } from "vitest";
import { PAGE_BYTES, TensorMemory } from "./tensor-memory.ts";

/** A memory that begins with 2 pages, the first of which holds no tensors. */
function memoryOf(pages: number, limit = pages): TensorMemory {
  return new TensorMemory(new WebAssembly.Memory({ initial: 2, maximum: pages }), limit * PAGE_BYTES);
}

describe("memory for tensors", () => {
  it("begins behind the constants, at multiples of 64 bytes", () => {
    const tensors = memoryOf(4);
    expect(
      [tensors.alloc(0), tensors.alloc(1), tensors.alloc(65), tensors.alloc(64)].map(({ start }) => start),
    ).toEqual([1024, 1025, 1026, 1028]);
    expect(tensors.used).toBe(5 * 64);
  });

  it("grows when it must, by what is missing behind a free end", () => {
    const tensors = memoryOf(6);
    tensors.alloc(1000);
    expect(tensors.reserved).toBe(2 * PAGE_BYTES);
    tensors.alloc(5 * PAGE_BYTES - 1024 - 64);
    expect(tensors).toMatchObject({ reserved: 6 * PAGE_BYTES, used: 5 * PAGE_BYTES - 64 });
  });

  it("ends 64 bytes behind the last tensor, since a kernel may read a little too far", () => {
    const tensors = memoryOf(2);
    expect(() => tensors.alloc(PAGE_BYTES)).toThrow("no room for 64 KiB");
    const { start, size } = tensors.alloc(PAGE_BYTES - 64);
    expect(64 * (start + size)).toBe(tensors.reserved - 64);
  });

  it("grows ahead of what is asked for, so that it seldom grows", () => {
    const tensors = memoryOf(65_535);
    let growths = 0;
    for (let i = 0; i < 1000; i++) {
      const before = tensors.reserved;
      tensors.alloc(100_000);
      if (tensors.reserved !== before) growths++;
    }
    expect(growths).toBeLessThan(15);
    expect(tensors.reserved).toBeLessThan(1.6 * 100_000 * 1000);
  });

  it("keeps what is written when it grows, and gives views of the memory that there is", () => {
    const tensors = memoryOf(100);
    const { start } = tensors.alloc(8);
    tensors.floats().set([1.5, 2.5], start * 16);
    tensors.integers()[start * 16 + 1] = 7;
    const before = tensors.floats();
    tensors.alloc(50 * PAGE_BYTES);
    expect(before.length).toBe(0);
    expect(tensors.floats()[start * 16]).toBe(1.5);
    expect(tensors.integers()[start * 16 + 1]).toBe(7);
    expect(tensors.floats()).toBe(tensors.floats());
  });

  it("says at the limit what was asked for, what is held and what to do, and goes on", () => {
    const tensors = memoryOf(18);
    const [first] = [tensors.alloc(6 * PAGE_BYTES), tensors.alloc(PAGE_BYTES), tensors.alloc(9 * PAGE_BYTES)];
    tensors.free(first);
    expect(() => tensors.alloc(8 * PAGE_BYTES)).toThrow(
      "no room for 512 KiB: 640 KiB are in use, 447.9 KiB are free (384 KiB in one piece), and 1.125 MiB are the most" +
        " there can be; dispose tensors sooner (device.scoped frees what a step made), or split the batch",
    );
    expect(tensors.alloc(6 * PAGE_BYTES).start).toBe(first.start);
    expect(tensors.reserved).toBe(18 * PAGE_BYTES);
  });

  it("tells when it is the system that gives no more, and takes less ahead before that", () => {
    const tensors = memoryOf(8, 1000);
    tensors.alloc(5 * PAGE_BYTES);
    expect(tensors.reserved).toBeLessThanOrEqual(8 * PAGE_BYTES);
    expect(() => tensors.alloc(5 * PAGE_BYTES)).toThrow("and the system gives no more; dispose");
    expect(tensors.used).toBe(5 * PAGE_BYTES);
  });
});
