import { expect, it, type TestContext } from "vitest";
import { beginFor, describeVariants, type Lab, lab } from "../testing/kernel-lab.ts";
import { cpu } from "./index.ts";
import type { KernelVariant } from "./kernels/index.ts";
import { rearrange } from "./kernels/rearrange.ts";
import { gatherRows, scatterAddRows } from "./kernels/rows.ts";

/** The end of the largest memory that a backend takes. */
const END = 65_535 * 65_536;

/** Where the last tensor ends. */
const TOP = END - 64;

/** A lab in which the last of tensors of so many elements ends there. Pages that are not touched cost nothing. */
async function highLab(variant: KernelVariant, lengths: readonly number[], { skip }: TestContext): Promise<Lab> {
  try {
    return await lab(variant, beginFor(END, lengths));
  } catch (error) {
    return skip(`there are no 4 GiB of addresses here: ${error}`);
  }
}

describeVariants("the last addresses", (variant) => {
  it("rearranges there", async (context) => {
    const length = 256 * 200;
    const wasm = await highLab(variant, [length, length], context);
    const values = Float32Array.from({ length }, (_, i) => i);
    const [x, y] = [wasm.floats(values), wasm.room(length)];
    expect(y.address + 4 * length).toBe(TOP);
    const read = (dims: number[], strides: number[], offset = 0): Float32Array => {
      const params = { dims, strides, offset, from: dims.map(() => 0), to: dims };
      wasm.run(rearrange, { y }, { x }, params);
      return wasm.read(y);
    };
    expect(read([length], [1])).toEqual(values);
    expect(read([length], [-1], length - 1)).toEqual(values.toReversed());
    const transposed = read([256, 200], [1, 256]);
    for (const [r, c] of [
      [0, 0],
      [3, 199],
      [255, 0],
      [255, 199],
    ] as const)
      expect(transposed[r * 200 + c]).toBe(c * 256 + r);
    expect(read([200, 256], [1, 200])[200 * 256 - 1]).toBe(length - 1);
    expect(read([length], [0], length - 1)).toEqual(new Float32Array(length).fill(length - 1));
  });

  it("gathers and adds rows there", async (context) => {
    const [rows, cols] = [40, 16];
    const size = rows * cols;
    const wasm = await highLab(variant, [rows, rows, rows + 1, size, size, size], context);
    const values = Float32Array.from({ length: size }, (_, i) => i);
    const indices = wasm.integers(Array.from({ length: rows }, (_, i) => rows - 1 - i));
    const order = wasm.integers(Array.from({ length: rows }, (_, i) => i));
    // The last row is the sum of all.
    const starts = wasm.integers(Array.from({ length: rows + 1 }, (_, i) => (i < rows ? 0 : rows)));
    const [table, y, sums] = [wasm.floats(values), wasm.room(size), wasm.room(size)];
    expect(sums.address + 4 * size).toBe(TOP);
    const params = { rows, cols, tableRows: rows };
    wasm.run(gatherRows, { y }, { table, indices }, params);
    expect(wasm.read(y).slice(0, cols)).toEqual(values.slice(-cols));
    wasm.run(scatterAddRows, { table: sums }, { values: y, order, starts }, params);
    // Σ over the rows of 16·row + column.
    const total = (column: number): number => (cols * rows * (rows - 1)) / 2 + rows * column;
    const expected = Float32Array.from({ length: size }, (_, i) => (i < (rows - 1) * cols ? 0 : total(i % cols)));
    expect(wasm.read(sums)).toEqual(expected);
  });
});

it("tensors above 2 GiB are written, read and computed with", async ({ skip }) => {
  const backend = await cpu().open({ onError: () => {} });
  if (backend.memory!().limitBytes < 3 * 2 ** 30) skip("this system has no room for more than 2 GiB");
  const low = backend.alloc("float", 600_000_000);
  const [x, y] = [backend.alloc("float", 1000), backend.alloc("float", 1000)];
  expect(x.address).toBeGreaterThan(2 ** 31);
  const values = Float32Array.from({ length: 1000 }, (_, i) => i / 3);
  backend.write(x, values);
  backend.kernels.rearrange({ y }, { x }, { dims: [1000], strides: [-1], offset: 999, from: [0], to: [1000] });
  expect(await backend.read(x)).toEqual(values);
  expect(await backend.read(y)).toEqual(values.toReversed());
  backend.free(low);
  backend.free(x);
  expect(backend.alloc("float", 600_000_001).address).toBeLessThan(2 ** 21);
  await backend.close();
});
