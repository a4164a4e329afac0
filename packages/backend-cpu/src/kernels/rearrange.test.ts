import type { RearrangeParams } from "@surprisal/core";
import { expect, it } from "vitest";
import { describeVariants, type Lab, lab, orders } from "../../testing/kernel-lab.ts";
import { rearrange as plainly } from "../plain/rearrange.ts";
import { rearrange } from "./rearrange.ts";

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** A rearrangement without an offset whose whole range is valid, but for what is given. */
function paramsOf(
  dims: readonly number[],
  strides: readonly number[],
  rest: Partial<RearrangeParams> = {},
): RearrangeParams {
  return { dims, strides, offset: 0, from: dims.map(() => 0), to: dims, ...rest };
}

const counted = (length: number, first: number): Float32Array => Float32Array.from({ length }, (_, i) => first + i);

/** Both orders of the blocks give what plain gives: without a background, with one, and over it. */
function agrees(wasm: Lab, length: number, params: RearrangeParams): void {
  const size = sizeOf(params.dims);
  const x = counted(length, 1);
  const background = counted(size, -size);
  const bare = new Float32Array(size);
  const full = new Float32Array(size);
  plainly({ y: bare }, { x }, params);
  plainly({ y: full }, { x, background }, params);
  const source = wasm.floats(x);
  for (const order of orders) {
    const y = wasm.room(size);
    wasm.run(rearrange, { y }, { x: source }, params, order);
    expect(wasm.read(y), "bare").toEqual(bare);
    const z = wasm.room(size);
    wasm.run(rearrange, { y: z }, { x: source, background: wasm.floats(background) }, params, order);
    expect(wasm.read(z), "background").toEqual(full);
    const over = wasm.floats(background);
    wasm.run(rearrange, { y: over }, { x: source, background: over }, params, order);
    expect(wasm.read(over), "over the background").toEqual(full);
  }
}

describeVariants("rearrange", (variant) => {
  it.for<[string, number, RearrangeParams]>([
    ["copies more than a tile", 40_001, paramsOf([40_001], [1])],
    ["copies one", 1, paramsOf([1], [7])],
    ["copies nothing", 1, paramsOf([3, 0, 2], [1, 1, 1])],
    ["flips more than a tile", 30_001, paramsOf([30_001], [-1], { offset: 30_000 })],
    ["transposes with odd edges", 301 * 203, paramsOf([301, 203], [1, 301])],
    ["transposes rows 1 KiB apart, in scratch", 201 * 256, paramsOf([201, 256], [1, 201])],
    ["transposes few rows 1 KiB apart", 5 * 1024, paramsOf([5, 1024], [1, 5])],
    ["transposes to narrow rows", 3 * 500, paramsOf([500, 3], [1, 500])],
    ["transposes from narrow rows", 3 * 500, paramsOf([3, 500], [1, 3])],
    ["transposes planes", 7 * 13 * 9, paramsOf([7, 13, 9], [117, 1, 13])],
    ["reads every third of every second row", 60 * 30, paramsOf([30, 10], [60, 3])],
    ["repeats rows", 100, paramsOf([300, 100], [0, 1])],
    ["repeats elements", 300, paramsOf([300, 101], [1, 0])],
    ["repeats one element", 1, paramsOf([30, 1000], [0, 0])],
    ["slices rows", 5000, paramsOf([70, 20], [70, 1], { offset: 25 })],
    ["writes one column", 500, paramsOf([500, 4], [1, 0], { from: [0, 2], to: [500, 3] })],
    [
      "pads planes",
      5 * 28 * 28,
      paramsOf([5, 32, 32], [784, 28, 1], { offset: -58, from: [0, 2, 2], to: [5, 30, 30] }),
    ],
    ["leaves the background alone", 5, paramsOf([30, 7], [1, 1], { from: [3, 2], to: [3, 7] })],
    ["places rows behind others", 300, paramsOf([130, 3], [3, 1], { offset: -90, from: [30, 0], to: [130, 3] })],
  ])("%s", async ([, length, params]) => agrees(await lab(variant), length, params));

  it("agrees with plain for random permutations, flips, steps, broadcasts and windows of 5 axes", async () => {
    let state = 1;
    const below = (bound: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % bound;
    };
    const wasm = await lab(variant);
    for (let round = 0; round < 150; round++) {
      const dims = Array.from({ length: 1 + below(5) }, () => [1, 2, 3, 4, 5, 8][below(6)]!);
      const from = dims.map((dim) => (below(3) === 0 ? below(dim) : 0));
      const to = dims.map((dim, i) => (below(3) === 0 ? from[i]! + below(dim - from[i]! + 1) : dim));
      // A permutation of the axes of a packed box, with gaps; then some are turned around or repeated.
      const strides = dims.map(() => 0);
      let length = 1;
      const rest = dims.map((_, i) => i);
      while (rest.length > 0) {
        const [axis] = rest.splice(below(rest.length), 1);
        strides[axis!] = length;
        length *= dims[axis!]! + (below(4) === 0 ? 1 : 0);
      }
      let offset = 0;
      for (const [i, dim] of dims.entries()) {
        const change = below(4);
        if (change === 0) strides[i] = 0;
        else if (change === 1) {
          offset += strides[i]! * (dim - 1);
          strides[i] = -strides[i]!;
        }
      }
      agrees(wasm, length, { dims, strides, offset, from, to });
    }
  });

  it("moves bits: a signalling NaN stays one", async () => {
    const wasm = await lab(variant);
    const bits = Int32Array.of(0x7f800001, 0x7fc12345, -1, -0x80000000);
    for (const params of [paramsOf([4], [1]), paramsOf([4], [-1], { offset: 3 }), paramsOf([4, 4], [1, 0])]) {
      const y = wasm.room(sizeOf(params.dims));
      wasm.run(rearrange, { y }, { x: wasm.integers(bits) }, params);
      expect(new Set(new Int32Array(wasm.read(y).buffer))).toEqual(new Set(bits));
    }
  });
});
