import { randomStream } from "@surprisal/nn";
import { expect, test } from "vitest";
import { normalised } from "./pixels.ts";
import { renderDigits } from "./rendered-digits.ts";
import { shiftImages } from "./shift-images.ts";

const { train, height, width } = renderDigits({ seed: 4, train: 300, test: 1 });
const size = { height, width };
const pixels = height * width;

function shifted(seed: number, [begin, end]: readonly [number, number] = [0, train.count]): Float32Array {
  const target = new Float32Array(train.images.length).fill(Number.NaN);
  shiftImages(train.images, size, [begin, end], randomStream(seed), target);
  return target;
}

/** An image as a grid, moved by hand. */
function moved(index: number, dy: number, dx: number): Float32Array {
  const image = normalised(train.images.subarray(index * pixels, (index + 1) * pixels));
  return Float32Array.from({ length: pixels }, (_, at) => {
    const [row, column] = [Math.floor(at / width) - dy, (at % width) - dx];
    return row < 0 || row >= height || column < 0 || column >= width ? 0 : image[row * width + column]!;
  });
}

test("every image is moved by up to two pixels each way, and every such shift is drawn", () => {
  const target = shifted(1);
  const shifts = [-2, -1, 0, 1, 2].flatMap((dy) => [-2, -1, 0, 1, 2].map((dx) => [dy, dx] as const));
  const drawn = new Set<number>();
  for (let index = 0; index < train.count; index++) {
    const image = target.subarray(index * pixels, (index + 1) * pixels);
    const which = shifts.findIndex(([dy, dx]) => moved(index, dy, dx).every((ink, at) => ink === image[at]));
    expect(which).toBeGreaterThanOrEqual(0);
    drawn.add(which);
  }
  expect(drawn.size).toBe(25);
});

test("the same stream shifts alike, another one otherwise", () => {
  expect(shifted(1)).toEqual(shifted(1));
  expect(shifted(2)).not.toEqual(shifted(1));
});

test("only the images asked for are written", () => {
  const target = shifted(1, [2, 5]);
  expect(target.findIndex((ink) => !Number.isNaN(ink))).toBe(2 * pixels);
  expect(target.findLastIndex((ink) => !Number.isNaN(ink))).toBe(5 * pixels - 1);
});
