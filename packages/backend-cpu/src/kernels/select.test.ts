import { expect, it } from "vitest";
import { describeVariants, lab } from "../../testing/kernel-lab.ts";
import { fill, select } from "./select.ts";

describeVariants("select and fill", (variant) => {
  it("choose and set every element and none beside, for any length", async () => {
    const wasm = await lab(variant);
    for (const length of [0, 1, 2, 3, 4, 5, 4095, 4097, 9001]) {
      // NaN counts as not 0, as in JavaScript, and so does a denormal number; −0 is 0.
      const flags = Float32Array.from({ length }, (_, i) => [0, 1, -0, Number.NaN, 1e-45][i % 5]!);
      const condition = wasm.floats(flags);
      const a = wasm.floats(Array.from(flags, (_, i) => (i % 5 === 0 ? Number.NaN : i)));
      const b = wasm.floats(Array.from(flags, (_, i) => (i % 5 === 1 ? Number.NaN : -i)));
      const [as, bs] = [wasm.read(a), wasm.read(b)];
      const chosen = Array.from(flags, (flag, i) => (flag !== 0 ? as[i]! : bs[i]!));
      wasm.run(select, { y: condition }, { condition, a, b }, { length }, "one by one, reversed");
      expect([...wasm.read(condition)]).toEqual(chosen);
      wasm.run(fill, { y: a }, {}, { value: 0.1, length });
      expect([...wasm.read(a)]).toEqual(new Array(length).fill(Math.fround(0.1)));
    }
  });
});
