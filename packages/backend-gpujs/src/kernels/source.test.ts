import { expect, test } from "vitest";
import { divide, here, kernel } from "./source.ts";

/** Runs a kernel's source as a device does that rounds every division to float32, some ulp off. */
function run(source: string, index: number, size: number, off: number): number {
  const rounded = source.replace(/Math\.floor\((.*?) \/ (\(size\))\)/g, "Math.floor(divided($1, $2))");
  const divided = (a: number, b: number): number => Math.fround(Math.fround(Math.fround(a) / b) * (1 + off));
  const value = new Function("divided", `return (${rounded});`)(divided);
  return value.call({ thread: { x: index } }, size);
}

test("an index is divided exactly far beyond 2^24, whatever the device's division is off", () => {
  const { prepare, quotient, remainder } = divide("q", here, "size");
  const quotients = kernel(["size"], `${prepare} return ${quotient};`);
  const remainders = kernel(["size"], `${prepare} return ${remainder};`);
  for (const size of [3, 10, 1000, 50_257, 131_072, 2 ** 24 + 1]) {
    for (const rows of [1, 2, 255, 1023, 40_000]) {
      for (const offset of [0, 1, size - 1]) {
        const index = rows * size + offset;
        if (index >= 2 ** 31) continue;
        for (const off of [-3e-7, 0, 3e-7]) {
          expect([run(quotients, index, size, off), run(remainders, index, size, off)]).toEqual([rows, offset]);
        }
      }
    }
  }
});
