import { describe, expect, it } from "vitest";
import { type Block, BlockAllocator } from "./block-allocator.ts";

const FIRST = 1024;

function allocator(units: number): BlockAllocator {
  const blocks = new BlockAllocator(FIRST);
  blocks.extend(units);
  return blocks;
}

/** Numbers from 0 to 1, the same every time (Park & Miller 1988). */
function randomNumbers(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe("blocks", () => {
  it("lie one behind the other, and are merged when they are given back in any order", () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 0, 2],
    ]) {
      const blocks = allocator(30);
      const taken = [5, 10, 15].map((units) => blocks.take(units)!);
      expect(taken.map(({ start }) => start - FIRST)).toEqual([0, 5, 15]);
      expect(blocks.take(1)).toBeUndefined();
      for (const i of order) blocks.give(taken[i]!);
      expect(blocks).toMatchObject({ used: 0, largest: 30, tail: 30 });
    }
  });

  it("are taken again where they fit, the last freed first", () => {
    const blocks = allocator(100_000);
    const [first, , second] = [1000, 1, 1000, 1].map((units) => blocks.take(units)!) as [Block, Block, Block];
    const places = [first.start, second.start];
    blocks.give(first);
    blocks.give(second);
    expect([blocks.take(1000)!.start, blocks.take(1000)!.start]).toEqual(places.reverse());
  });

  it("are found behind many of their class that are too small, when nothing larger is free", () => {
    // Sizes from 1024 to 1151 are one class. Single units between the blocks keep them from merging.
    const sizes = [1100, ...Array<number>(10).fill(1030)];
    const blocks = allocator(sizes.reduce((sum, size) => sum + size + 1, 0));
    const taken = sizes.map((size) => [blocks.take(size)!, blocks.take(1)!] as const);
    for (const [block] of taken) blocks.give(block);
    expect(blocks.take(1101)).toBeUndefined();
    expect(blocks.take(1090)!.start).toBe(FIRST);
  });

  it("never overlap, keep their contents and are all merged in the end: 100 000 random steps", () => {
    const size = 40_000;
    const blocks = allocator(size);
    const random = randomNumbers();
    const owners = new Int32Array(FIRST + size);
    const live: { block: Block; owner: number }[] = [];
    let used = 0;
    let refused = 0;
    for (let step = 1; step <= 100_000; step++) {
      if (live.length > 0 && (random() < 0.5 || live.length > 400)) {
        const at = Math.floor(random() * live.length);
        const { block, owner } = live[at]!;
        const { start, size } = block;
        if (owners[start] !== owner || owners[start + size - 1] !== owner) throw new Error(`step ${step}: overwritten`);
        owners.fill(0, start, start + size);
        used -= size;
        blocks.give(block);
        live[at] = live.at(-1)!;
        live.pop();
      } else {
        const units = Math.ceil(2 ** (random() * 11));
        const block = blocks.take(units);
        if (block === undefined) {
          refused++;
          if (blocks.largest >= units) throw new Error(`step ${step}: ${units} units are free and were not found`);
        } else {
          const { start, size } = block;
          if (size !== units || start < FIRST || start + size > owners.length)
            throw new Error(`step ${step}: not there`);
          if (owners.subarray(start, start + size).some((owner) => owner !== 0))
            throw new Error(`step ${step}: overlaps`);
          owners.fill(step, start, start + size);
          used += units;
          live.push({ block, owner: step });
        }
      }
      if (blocks.used !== used) throw new Error(`step ${step}: ${blocks.used} in use, not ${used}`);
    }
    expect(refused).toBeGreaterThan(100);
    for (const { block } of live) blocks.give(block);
    expect(blocks).toMatchObject({ used: 0, largest: size, tail: size });
  });

  it("reach to the end of what was added", () => {
    const blocks = allocator(10);
    const first = blocks.take(8)!;
    blocks.extend(20);
    expect(blocks).toMatchObject({ tail: 22, largest: 22 });
    expect(blocks.take(22)!.start).toBe(first.start + 8);
    expect(blocks.tail).toBe(0);
  });

  it("may be as many units as 4 GiB has", () => {
    const blocks = allocator(2 ** 26 - FIRST - 1024);
    const all = blocks.take(2 ** 26 - FIRST - 1024)!;
    expect(all.start).toBe(FIRST);
    expect(blocks.take(1)).toBeUndefined();
    blocks.give(all);
    expect(blocks.take(2 ** 25)!.start).toBe(FIRST);
  });
});
