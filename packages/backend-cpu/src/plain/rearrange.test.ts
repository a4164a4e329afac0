import { describe, expect, it } from "vitest";
import { rearrange } from "./rearrange.ts";

const x = Float32Array.of(0, 1, 2, 3, 4, 5);

describe("rearrange", () => {
  it("permutes, broadcasts and flips by strides", () => {
    const y = new Float32Array(6);
    rearrange({ y }, { x }, { dims: [3, 2], strides: [1, 3], offset: 0, from: [0, 0], to: [3, 2] });
    expect([...y]).toEqual([0, 3, 1, 4, 2, 5]);
    rearrange({ y }, { x }, { dims: [2, 3], strides: [0, 1], offset: 3, from: [0, 0], to: [2, 3] });
    expect([...y]).toEqual([3, 4, 5, 3, 4, 5]);
    rearrange({ y }, { x }, { dims: [6], strides: [-1], offset: 5, from: [0], to: [6] });
    expect([...y]).toEqual([5, 4, 3, 2, 1, 0]);
  });

  it("pads with zeros, or with the background that it may overwrite", () => {
    const params = { dims: [2, 4], strides: [3, 1], offset: -1, from: [0, 1], to: [2, 3] };
    const y = new Float32Array(8).fill(Number.NaN);
    rearrange({ y }, { x }, params);
    expect([...y]).toEqual([0, 0, 1, 0, 0, 3, 4, 0]);
    const background = new Float32Array(8).fill(9);
    rearrange({ y }, { x, background }, params);
    rearrange({ y: background }, { x, background }, params);
    expect([...y]).toEqual([9, 0, 1, 9, 9, 3, 4, 9]);
    expect(background).toEqual(y);
  });

  it("reads nothing where the range is empty", () => {
    const y = new Float32Array(2).fill(1);
    const params = { dims: [1, 2, 1], strides: [1, 1, 1], offset: 0, from: [0, 0, 0], to: [1, 0, 1] };
    rearrange({ y }, { x: new Float32Array(0) }, params);
    expect([...y]).toEqual([0, 0]);
  });
});
