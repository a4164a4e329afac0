import { isSurprisalError } from "@surprisal/core";
import { expect, test } from "vitest";
import { permutation, randomStream } from "./random-stream.ts";

const take = (count: number, ...key: [number, ...number[]]) => {
  const random = randomStream(...key);
  return Array.from({ length: count }, () => random.nextUint32());
};

test("a stream is the same for the same seed and key, and another for any other", () => {
  expect(take(9, 7, 1, 2)).toEqual(take(9, 7, 1, 2));
  for (const key of [
    [8, 1, 2],
    [7, 2, 1],
    [7, 1],
    [7 + 2 ** 32, 1, 2],
  ] as [number, ...number[]][]) {
    expect(take(4, ...key)).not.toEqual(take(4, 7, 1, 2));
  }
});

test("words come the same one by one and many at a time", () => {
  const expected = take(64, 7, 1, 2);
  for (const [first, many] of [
    [0, 0],
    [0, 40],
    [3, 2],
    [3, 5],
    [3, 21],
    [8, 16],
  ] as const) {
    const random = randomStream(7, 1, 2);
    const words = Array.from({ length: first }, () => random.nextUint32());
    const filled = new Uint32Array(many);
    random.fillUint32(filled);
    words.push(...filled);
    while (words.length < expected.length) words.push(random.nextUint32());
    expect(words).toEqual(expected);
  }
});

test("floats lie in [0, 1), have mean 1/2 and fit float32", () => {
  const random = randomStream(1);
  let sum = 0;
  for (let i = 0; i < 10_000; i++) {
    const x = random.nextFloat();
    expect(x >= 0 && x < 1 && Math.fround(x) === x).toBe(true);
    sum += x;
  }
  expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 10_000));
});

test("nextBelow gives every number about equally often", () => {
  const random = randomStream(2);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 7000; i++) counts[random.nextBelow(7)]!++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
});

test("a stream splits into streams of their own, however far it was read", () => {
  const [fresh, read] = [randomStream(7, 1), randomStream(7, 1)];
  read.nextUint32();
  const first = fresh.split(5);
  const words = Array.from({ length: 8 }, () => first.nextUint32());
  const again = read.split(5);
  expect(Array.from({ length: 8 }, () => again.nextUint32())).toEqual(words);
  const others = [
    fresh,
    fresh.split(6),
    fresh.split(5).split(5),
    randomStream(7, 2).split(5),
    randomStream(8, 1).split(5),
  ];
  for (const other of others) expect(other.nextUint32()).not.toBe(words[0]);
  expect(() => fresh.split(-1)).toThrow("split: an index is a whole number from 0 to 2^32 − 1, not -1");
});

test("a permutation holds every number once", () => {
  const order = permutation(100, randomStream(3));
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([...order]).not.toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test.each([[-1], [1.5], [Number.NaN], [2 ** 53], [0, 1, 2, 3, 4], [0, -1], [0, 2 ** 32]])(
  "seed and key %s are refused",
  (...key) => {
    let error: unknown;
    try {
      randomStream(...(key as [number, ...number[]]));
    } catch (e) {
      error = e;
    }
    expect(isSurprisalError(error, "OPTION")).toBe(true);
  },
);
