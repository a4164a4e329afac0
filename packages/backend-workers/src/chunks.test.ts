import { describe, expect, it } from "vitest";
import { mostBlocks, worthwhileChunks } from "./chunks.ts";
import { MOST_CHUNKS } from "./control.ts";

describe("chunks", () => {
  it("are not made of what one thread does sooner", () => {
    expect(worthwhileChunks({ blocks: 47, grain: 16 }, 4)).toBe(47);
    expect(worthwhileChunks({ blocks: 1000, grain: 16 }, 1)).toBe(1000);
    expect(worthwhileChunks({ blocks: 0, grain: 16 }, 4)).toBe(0);
  });

  it("have a grain at least, four for each thread at most, as many for one as for the other", () => {
    expect(worthwhileChunks({ blocks: 48, grain: 16 }, 4)).toBe(16);
    expect(worthwhileChunks({ blocks: 112, grain: 16 }, 4)).toBe(28);
    expect(worthwhileChunks({ blocks: 1600, grain: 16 }, 4)).toBe(100);
  });

  it("of few blocks that are large are single ones", () => {
    expect(worthwhileChunks({ blocks: 2, grain: 0.02 }, 4)).toBe(1);
    expect(worthwhileChunks({ blocks: 7, grain: 0.3 }, 2)).toBe(2);
    expect(worthwhileChunks({ blocks: 1, grain: 0.001 }, 4)).toBe(1);
  });

  it("are so small that a thread is soon heard of, as far as a job can have chunks", () => {
    expect(worthwhileChunks({ blocks: 100_000, grain: 1 }, 2)).toBe(256);
    expect(worthwhileChunks({ blocks: 100_000, grain: 0.02 }, 2)).toBe(Math.ceil(100_000 / MOST_CHUNKS));
    expect(mostBlocks(0.02)).toBe(5);
    expect(mostBlocks(0.001)).toBe(1);
  });
});
