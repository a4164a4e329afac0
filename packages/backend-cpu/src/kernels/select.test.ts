import { describe, expect, it } from "vitest";
import { kernelRunner, variants } from "../../testing/kernel-runner.ts";

describe.each(variants)("select and fill, $variant", ({ variant, refusal }) => {
  it.skipIf(refusal)("choose and set every element and none beside, for any length", async () => {
    const kernels = await kernelRunner(variant, 2);
    for (const length of [0, 1, 2, 3, 4, 5, 4095, 4097, 9001]) {
      kernels.reset();
      // NaN counts as not 0, as in JavaScript, and so does a denormal number; −0 is 0.
      const condition = kernels.tensor(Array.from({ length }, (_, i) => [0, 1, -0, Number.NaN, 1e-45][i % 5]!));
      const a = kernels.tensor(Array.from({ length }, (_, i) => (i % 5 === 0 ? Number.NaN : i)));
      const b = kernels.tensor(Array.from({ length }, (_, i) => (i % 5 === 1 ? Number.NaN : -i)));
      const chosen = Array.from({ length }, (_, i) => (condition.data[i] !== 0 ? a.data[i]! : b.data[i]!));
      kernels.run("select", { y: condition }, { condition, a, b }, { length }, "backwards, one by one");
      expect([...condition.data]).toEqual(chosen);
      kernels.run("fill", { y: a }, {}, { value: 0.1, length });
      expect([...a.data]).toEqual(new Array(length).fill(Math.fround(0.1)));
      kernels.checkGuards();
    }
  });
});
