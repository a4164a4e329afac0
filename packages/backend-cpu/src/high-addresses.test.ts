import { describe, expect, it, type TestContext } from "vitest";
import { type Lab, lab, variants } from "../testing/blocks.ts";
import { cpu } from "./index.ts";
import type { KernelVariant, Located } from "./kernels/index.ts";
import { rearrange } from "./kernels/rearrange.ts";
import { gatherRows, scatterAddRows } from "./kernels/rows.ts";

/** Where the last tensor ends: a page and 64 bytes below 2^32. */
const TOP = 65_535 * 65_536 - 64;

/** A lab whose last tensor ends there when local scratch and `bytes` are taken. Pages that are not touched cost nothing. */
async function highLab(variant: KernelVariant, bytes: number, { skip }: TestContext): Promise<Lab> {
  try {
    return await lab(variant, TOP - 65_536 - bytes);
  } catch (error) {
    return skip(`there are no 4 GiB of addresses here: ${error}`);
  }
}

describe.for(await variants())("the last addresses (%s)", (variant) => {
  it("rearranges there", async (context) => {
    const length = 256 * 200;
    const wasm = await highLab(variant, 8 * length, context);
    const values = Float32Array.from({ length }, (_, i) => i);
    const [x, y]: [Located, Located] = [wasm.floats(values), wasm.room(length)];
    expect(y.address + 4 * length).toBe(TOP);
    const read = (dims: number[], strides: number[], offset = 0): Float32Array => {
      const params = { dims, strides, offset, from: dims.map(() => 0), to: dims };
      wasm.run(rearrange({ y }, { x }, params, wasm.scratch));
      return wasm.read(y, length);
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
    const bytes = 3 * 4 * rows * cols + 3 * 192;
    const wasm = await highLab(variant, bytes, context);
    const values = Float32Array.from({ length: rows * cols }, (_, i) => i);
    const indices = wasm.integers(Array.from({ length: rows }, (_, i) => rows - 1 - i));
    const order = wasm.integers(Array.from({ length: rows }, (_, i) => i));
    // The last row is the sum of all.
    const starts = wasm.integers(Array.from({ length: rows + 1 }, (_, i) => (i < rows ? 0 : rows)));
    const [table, y, sums] = [wasm.floats(values), wasm.room(rows * cols), wasm.room(rows * cols)];
    expect(sums.address + 4 * rows * cols).toBe(TOP);
    const params = { rows, cols, tableRows: rows };
    wasm.run(gatherRows({ y }, { table, indices }, params, wasm.scratch));
    expect(wasm.read(y, cols)).toEqual(values.slice(-cols));
    wasm.run(scatterAddRows({ table: sums }, { values: y, order, starts }, params, wasm.scratch));
    // Σ over the rows of 16·row + column.
    const total = (column: number): number => (cols * rows * (rows - 1)) / 2 + rows * column;
    const expected = Float32Array.from({ length: rows * cols }, (_, i) =>
      i < (rows - 1) * cols ? 0 : total(i % cols),
    );
    expect(wasm.read(sums, rows * cols)).toEqual(expected);
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
