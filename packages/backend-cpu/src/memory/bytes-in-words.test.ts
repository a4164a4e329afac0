import { expect, it } from "vitest";
import { inWords } from "./bytes-in-words.ts";

it.each([
  [0, "0 bytes"],
  [1023, "1023 bytes"],
  [1024, "1 KiB"],
  [1.5 * 2 ** 20, "1.5 MiB"],
  [65_535 * 65_536, "4 GiB"],
  [2 ** 44, "16380 GiB"],
])("%i bytes are %s", (bytes, words) => {
  expect(inWords(bytes)).toBe(words);
});
