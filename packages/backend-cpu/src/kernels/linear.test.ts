import { expect, it } from "vitest";
import { describeVariants, type Lab, lab, type Order, orders } from "../../testing/kernel-lab.ts";
import { linear, linearGradient } from "./linear.ts";

/** Whole numbers from −9 to 9: every order of summation is exact. */
const numbers = (length: number, seed: number) => Float32Array.from({ length }, (_, i) => ((i * 37 + seed) % 19) - 9);

/** Σ_p left(p)·right(p) */
function sum(count: number, left: (p: number) => number, right: (p: number) => number): number {
  let total = 0;
  for (let p = 0; p < count; p++) total += left(p) * right(p);
  return total;
}

const grid = (rows: number, cols: number, element: (r: number, c: number) => number): number[] =>
  Array.from({ length: rows * cols }, (_, i) => element(Math.floor(i / cols), i % cols));

/** Computed by rows, by tiles, and with more rows than a run has; with nothing in each of the sizes. */
const shapes = [
  { rows: 0, inputs: 3, units: 2 },
  { rows: 2, inputs: 0, units: 3 },
  { rows: 3, inputs: 2, units: 3 },
  { rows: 1, inputs: 30, units: 9 },
  { rows: 33, inputs: 10, units: 7 },
  { rows: 70, inputs: 21, units: 1 },
  { rows: 130, inputs: 50, units: 75 },
];

describeVariants("linear", (variant) => {
  const inEveryOrder = async (compute: (wasm: Lab, order: Order) => void): Promise<void> => {
    const wasm = await lab(variant);
    for (const order of orders) compute(wasm, order);
  };

  it.each(shapes)("is X·W + b for $rows×$inputs by $units", async (params) => {
    const { rows, inputs, units } = params;
    const [x, w, b] = [numbers(rows * inputs, 1), numbers(inputs * units, 2), numbers(units, 3)];
    const xw = grid(rows, units, (r, u) => sum(inputs, (p) => x[r * inputs + p]!, (p) => w[p * units + u]!)); // biome-ignore format: one formula
    await inEveryOrder((wasm, order) => {
      const operands = { x: wasm.floats(x), w: wasm.floats(w) };
      const [y, biased] = [wasm.room(rows * units), wasm.room(rows * units)];
      wasm.run(linear, { y }, operands, params, order);
      wasm.run(linear, { y: biased }, { ...operands, b: wasm.floats(b) }, params, order);
      expect([...wasm.read(y)]).toEqual(xw);
      expect([...wasm.read(biased)]).toEqual(xw.map((value, i) => value + b[i % units]!));
    });
  });

  it.each(shapes)("has the gradients G·Wᵀ, Xᵀ·G and Σ G for $rows×$inputs by $units", async (params) => {
    const { rows, inputs, units } = params;
    const [x, w, g] = [numbers(rows * inputs, 1), numbers(inputs * units, 2), numbers(rows * units, 3)];
    const expected = {
      dx: grid(rows, inputs, (r, i) =>
        sum(
          units,
          (u) => g[r * units + u]!,
          (u) => w[i * units + u]!,
        ),
      ),
      dw: grid(inputs, units, (i, u) =>
        sum(
          rows,
          (r) => x[r * inputs + i]!,
          (r) => g[r * units + u]!,
        ),
      ),
      db: grid(1, units, (_, u) => sum(rows, () => 1, (r) => g[r * units + u]!)), // biome-ignore format: one formula
    };
    const names = ["dx", "dw", "db"] as const;
    await inEveryOrder((wasm, order) => {
      const operands = { x: wasm.floats(x), w: wasm.floats(w), g: wasm.floats(g) };
      for (const wanted of [names, ...names.map((name) => [name] as const), []]) {
        const outputs = Object.fromEntries(wanted.map((name) => [name, wasm.room(expected[name].length)]));
        wasm.run(linearGradient, outputs, operands, params, order);
        for (const name of wanted) {
          expect([...wasm.read(outputs[name]!)], name).toEqual(expected[name]);
        }
      }
    });
  });

  it("adds up the gradients of 100 000 equal rows", async () => {
    const wasm = await lab(variant);
    const [rows, db] = [100_000, wasm.room(3)];
    const operands = { x: wasm.room(0), w: wasm.room(0), g: wasm.floats(new Float32Array(3 * rows).fill(0.1)) };
    wasm.run(linearGradient, { db }, operands, { rows, inputs: 0, units: 3 });
    for (const total of wasm.read(db)) expect(Math.abs(total / (rows * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
  });
});
