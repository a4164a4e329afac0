import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { DigitData } from "./digit-data.ts";
import { renderDigits } from "./rendered-digits.ts";

const draw = (seed: number, train: number, test: number): DigitData => renderDigits({ seed, train, test });

describe("renderDigits", () => {
  test("draws the same bytes everywhere: our own pinned value, to be renewed only with the drawing", () => {
    const { train, test } = draw(1, 200, 50);
    const hash = createHash("sha256");
    for (const bytes of [train.images, train.labels, test.images, test.labels]) hash.update(bytes);
    expect(hash.digest("hex")).toBe("602e1726c77ce72674aa276acbbfa872df8a46ca7ea61ac07652c1fa671ca31a");
  });

  test("describes what it drew", () => {
    const { train, test, ...rest } = draw(1, 7, 3);
    expect(rest).toEqual({ name: "rendered-digits", height: 28, width: 28, classes: 10 });
    expect([train.count, train.images.length, train.labels.length]).toEqual([7, 7 * 784, 7]);
    expect([test.count, test.images.length, test.labels.length]).toEqual([3, 3 * 784, 3]);
  });

  test("draws an image however many others are drawn", () => {
    const few = draw(3, 13, 1);
    const many = draw(3, 40, 20);
    expect(many.train.images.subarray(0, 13 * 784)).toEqual(few.train.images);
    expect(many.train.labels.subarray(0, 13)).toEqual(few.train.labels);
    expect(many.test.images.subarray(0, 784)).toEqual(few.test.images);
  });

  test("draws other images, in another order, for another seed and for the test set", () => {
    const one = draw(1, 50, 50);
    const two = draw(2, 50, 50);
    const all = [one.train, one.test, two.train, two.test];
    expect(new Set(all.map(({ labels }) => labels.join())).size).toBe(4);
    const images = all.flatMap(({ images }) =>
      Array.from({ length: 50 }, (_, i) => images.subarray(784 * i, 784 * (i + 1))),
    );
    expect(new Set(images.map((image) => image.join())).size).toBe(200);
  });

  test("shows every digit once in each ten", () => {
    const { labels } = draw(5, 200, 1).train;
    for (let start = 0; start < 200; start += 10) {
      expect([...labels.subarray(start, start + 10)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test("puts ink in the middle and little on the rim", () => {
    const { images } = draw(1, 500, 1).train;
    let [middle, rim] = [0, 0];
    images.forEach((ink, at) => {
      const [row, column] = [Math.floor((at % 784) / 28), at % 28];
      if (Math.min(row, column, 27 - row, 27 - column) === 0) rim += ink / (500 * 108);
      else if (Math.min(row, column, 27 - row, 27 - column) >= 7) middle += ink / (500 * 196);
    });
    expect(middle).toBeGreaterThan(50);
    expect(rim).toBeLessThan(8);
  });

  test("draws distinguishable digits: the nearest of 500 others mostly has the same label", () => {
    const { train, test } = draw(1, 500, 100);
    const right = Array.from(test.labels).filter(
      (label, index) => label === train.labels[nearest(test.images, index, train.images)],
    );
    // Measured: 81. A guess is right in 10.
    expect(right.length).toBeGreaterThanOrEqual(75);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])("refuses to draw %d images", (count) => {
    for (const counts of [
      { train: count, test: 1 },
      { train: 1, test: count },
    ]) {
      const drawing = () => renderDigits({ seed: 1, ...counts });
      expect(drawing).toThrow(expect.objectContaining({ code: "DIGITS_COUNT" }));
      expect(drawing).toThrow(`is ${count} but must be a whole number from 1 to `);
    }
  });
});

/** The index of the training image with the least squared difference from test image `index`. */
function nearest(images: Uint8Array, index: number, among: Uint8Array): number {
  let [best, leastDistance] = [-1, Number.POSITIVE_INFINITY];
  for (let other = 0; other < among.length / 784; other++) {
    let distance = 0;
    for (let at = 0; at < 784; at++) distance += (images[784 * index + at]! - among[784 * other + at]!) ** 2;
    if (distance < leastDistance) [best, leastDistance] = [other, distance];
  }
  return best;
}
