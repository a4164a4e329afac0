import { expect, test } from "vitest";
import { PHILOX_WORDS, philox } from "./philox.ts";

const hex = (counter: readonly number[], key: readonly number[], from = 0): string => {
  const words = new Uint32Array(PHILOX_WORDS);
  philox(words, counter, key);
  return Array.from(words.subarray(from, from + 4), (word) => word.toString(16).padStart(8, "0")).join(" ");
};

// The known answers that its authors publish with Random123 (kat_vectors, philox4x32, 10 rounds).
test("philox gives its authors' known answers", () => {
  expect(hex([0, 0, 0, 0], [0, 0])).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  const ones = 0xffffffff;
  expect(hex([ones, ones, ones, ones], [ones, ones])).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
  const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const;
  expect(hex(pi, [0xa4093822, 0x299f31d0])).toBe("d16cfe09 94fdcceb 5001e420 24126ea1");
});

test("behind the words of a counter come those of the next", () => {
  expect(hex([41, 2, 3, 4], [5, 6], 4)).toBe(hex([42, 2, 3, 4], [5, 6]));
  expect(hex([0xffffffff, 0, 0, 0], [0, 0], 4)).toBe(hex([0, 0, 0, 0], [0, 0]));
});
