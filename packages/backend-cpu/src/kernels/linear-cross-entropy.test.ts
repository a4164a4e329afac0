import { expect, it } from "vitest";
import { describeVariants, lab, type Order } from "../../testing/kernel-lab.ts";
import { linearCrossEntropy } from "./linear-cross-entropy.ts";
import type { Scratch } from "./phase.ts";

const [rows, inputs, classes] = [70, 12, 300];
const lengths = { rowLoss: rows, state: 3 * rows, dx: rows * inputs, dw: inputs * classes, db: classes };
const names = Object.keys(lengths) as (keyof typeof lengths)[];
const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(1.7 * i));

const params = { rows, classes, inner: 1, smoothing: 0, scale: 1 / rows, inputs, transW: false };

describeVariants("linearCrossEntropy", (variant) => {
  const computed = async (maxBytes: number, order: Order) => {
    const wasm = await lab(variant);
    const given = {
      x: wasm.floats(wave(rows * inputs)),
      w: wasm.floats(wave(inputs * classes)),
      b: wasm.floats(wave(classes)),
      labels: wasm.integers(Array.from({ length: rows }, (_, r) => (r % 9 === 8 ? -1 : (r * 31) % classes))),
    };
    const outputs = Object.fromEntries(names.map((name) => [name, wasm.room(lengths[name])]));
    let scratched = 0;
    const counted = (o: typeof outputs, i: typeof given, p: typeof params & { maxBytes: number }, scratch: Scratch) =>
      linearCrossEntropy(o, i, p, (bytes) => {
        scratched += bytes;
        return scratch(bytes);
      });
    wasm.run(counted, outputs, given, { ...params, maxBytes }, order);
    return { scratched, values: names.map((name) => [...wasm.read(outputs[name]!)]) };
  };

  it.each([2 ** 20, 4 * classes * 16, 1])(
    "has the same bits in any order of blocks, within %i bytes",
    async (maxBytes) => {
      const one = await computed(maxBytes, "at once");
      const other = await computed(maxBytes, "one by one, reversed");
      expect(one.values.flat().some(Number.isNaN)).toBe(false);
      expect(other.values).toEqual(one.values);
    },
  );

  it("gives rows the same losses and states in any chunks", async () => {
    const whole = await computed(2 ** 20, "at once");
    const parts = await computed(4 * classes * 16, "at once");
    for (const i of [0, 1]) expect(parts.values[i]).toEqual(whole.values[i]);
  });

  it("takes scratch for the logits of one chunk, ones, and the panels of its largest product", async () => {
    const { scratched } = await computed(4 * classes * 16, "at once");
    // That of dX = G·Wᵀ: classes × inputs in panels of 8 columns.
    const panels = 4 * classes * 16;
    // 70 rows make five chunks of 14.
    expect(scratched).toBe(4 * classes * 14 + 4 * 14 + panels);
  });
});
