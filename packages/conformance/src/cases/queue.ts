import type { Case, CaseContext } from "../case.ts";
import type { TrackedHandle } from "../instrument.ts";
import { caseGroup } from "./define.ts";

const { quick } = caseGroup("queue");
const memory = caseGroup("memory");

const length = 330;

function double(t: CaseContext, x: TrackedHandle, y: TrackedHandle): void {
  t.kernels.unary({ y }, { x }, { fn: "affine", alpha: 2, beta: 0, length: x.length });
}

function ramp(t: CaseContext, size = length): ReturnType<CaseContext["numbers"]> {
  return t.generate(size, (i) => i - 7.5);
}

/** Order, and what is captured when. */
export const queueCases: readonly Case[] = [
  quick("write-then-read", async (t) => {
    const x = ramp(t);
    t.same(await t.read(t.float(x)), x, "floats");
    const integers = [0, -1, 7, 2 ** 24, -(2 ** 24), 50_256];
    t.check(await t.read(t.i32(integers)), integers, t.judge("exact"), "i32");
  }),
  quick("write-copies-before-it-returns", async (t) => {
    const data = ramp(t);
    const expected = data.slice();
    const handle = t.float(data);
    data.fill(99);
    t.check(await t.read(handle), expected, t.judge("exact"), "floats");
    const integers = Int32Array.from({ length: 33 }, (_, i) => i);
    const labels = t.i32(integers);
    const copy = integers.slice();
    integers.fill(5);
    t.check(await t.read(labels), copy, t.judge("exact"), "i32");
  }),
  quick("write-rounds-any-numbers", async (t) => {
    const numbers = [0.1, 1 / 3, 1e-3, -12345.678, 16_777_217, 1, 0, -1, 5, 6, 7, 8];
    t.check(await t.read(t.float(numbers)), t.numbers(numbers), t.judge("exact"), "from a list");
    t.check(await t.read(t.float(Float64Array.from(numbers))), t.numbers(numbers), t.judge("exact"), "from float64");
  }),
  quick("write-takes-a-part-of-a-buffer", async (t) => {
    const whole = ramp(t);
    const part = whole.subarray(5, 17);
    t.check(await t.read(t.float(part)), part, t.judge("exact"), "part");
  }),
  quick("read-gives-a-copy", async (t) => {
    const handle = t.float(ramp(t));
    const first = await t.read(handle);
    first.fill(0);
    t.check(await t.read(handle), ramp(t), t.judge("exact"), "second read");
  }),
  quick("read-captures-before-a-later-write", async (t) => {
    const handle = t.float(ramp(t));
    const early = t.read(handle);
    t.backend.write(handle, new Float64Array(length).fill(5));
    const late = t.read(handle);
    t.check(await early, ramp(t), t.judge("exact"), "early");
    t.check(await late, new Float64Array(length).fill(5), t.judge("exact"), "late");
  }),
  quick("read-captures-before-a-later-kernel", async (t) => {
    const handle = t.float(ramp(t));
    const early = t.read(handle);
    double(t, handle, handle);
    const late = t.read(handle);
    t.kernels.fill({ y: handle }, {}, { value: 3, length });
    t.check(await early, ramp(t), t.judge("exact"), "early");
    t.check(
      await late,
      ramp(t).map((x) => 2 * x),
      t.judge("exact"),
      "late",
    );
  }),
  quick("read-captures-before-a-later-free", async (t) => {
    const handle = t.float(ramp(t));
    const reading = t.read(handle);
    t.free(handle);
    const others = Array.from({ length: 4 }, () => t.float(new Float64Array(length).fill(-1)));
    t.check(await reading, ramp(t), t.judge("exact"), "read");
    t.check(await t.read(others[3]!), new Float64Array(length).fill(-1), t.judge("exact"), "the next handle");
  }),
  quick("kernels-take-effect-in-order", async (t) => {
    const [a, b] = [t.float(ramp(t)), t.output(length)];
    for (let i = 0; i < 10; i++) {
      double(t, a, b);
      double(t, b, a);
    }
    t.check(
      await t.read(a),
      ramp(t).map((x) => x * 2 ** 20),
      t.judge("exact"),
      "a",
    );
    t.check(
      await t.read(b),
      ramp(t).map((x) => x * 2 ** 19),
      t.judge("exact"),
      "b",
    );
  }),
  quick("write-between-kernels", async (t) => {
    const [x, first, second] = [t.float(ramp(t)), t.output(length), t.output(length)];
    double(t, x, first);
    t.backend.write(x, new Float64Array(length).fill(1));
    double(t, x, second);
    t.check(
      await t.read(first),
      ramp(t).map((value) => 2 * value),
      t.judge("exact"),
      "first",
    );
    t.check(await t.read(second), new Float64Array(length).fill(2), t.judge("exact"), "second");
  }),
  quick("integers-written-between-kernels", async (t) => {
    const params = { rows: 3, cols: 1, tableRows: 12 };
    const [table, indices] = [t.float(ramp(t, 12)), t.i32([0, 1, 2])];
    const [first, second] = [t.output(3), t.output(3)];
    t.kernels.gatherRows({ y: first }, { table, indices }, params);
    t.backend.write(indices, [9, 10, 11]);
    t.kernels.gatherRows({ y: second }, { table, indices }, params);
    t.check(await t.read(first), [-7.5, -6.5, -5.5], t.judge("exact"), "first");
    t.check(await t.read(second), [1.5, 2.5, 3.5], t.judge("exact"), "second");
  }),
  quick("inputs-are-left-alone", async (t) => {
    const random = t.random();
    const given = {
      a: t.generate(35, random.normal),
      b: t.generate(21, random.normal),
      x: t.generate(length, random.normal),
    };
    const [a, b, x] = [t.float(given.a), t.float(given.b), t.float(given.x)];
    const params = { m: 5, n: 3, k: 7, batch: 1, transA: true, transB: true, accumulate: false };
    t.kernels.gemm({ c: t.output(15) }, { a, b }, params);
    t.kernels.unary({ y: t.output(length) }, { x }, { fn: "exp", alpha: 0, beta: 0, length });
    t.kernels.reduce({ y: t.output(33) }, { x }, { fn: "sum", outer: 33, axis: 10, inner: 1 });
    t.kernels.softmaxCrossEntropy(
      { gradient: t.output(length), rowLoss: t.output(33) },
      { logits: x, labels: t.i32(new Int32Array(33)) },
      { rows: 33, classes: 10, inner: 1, smoothing: 0.1, scale: 2 },
    );
    for (const [handle, data] of [
      [a, given.a],
      [b, given.b],
      [x, given.x],
    ] as const)
      t.same(await t.read(handle), data);
  }),
  quick("reads-resolve-whatever-is-awaited-first", async (t) => {
    const handles = Array.from({ length: 20 }, (_, i) => t.float(new Float64Array(12).fill(i)));
    const reads = handles.map((handle) => t.read(handle));
    for (const i of [19, 0, 10, 5])
      t.check(await reads[i]!, new Float64Array(12).fill(i), t.judge("exact"), `read ${i}`);
    await Promise.all(reads);
  }),
  quick("the-same-call-twice-gives-the-same-bits", async (t) => {
    const random = t.random();
    const [a, b] = [t.float(t.generate(2 * 5000, random.normal)), t.float(t.generate(5000 * 3, random.normal))];
    const logits = t.float(t.generate(15_000, random.normal));
    const labels = t.i32([1, 4999, 17]);
    const once = async (): Promise<ArrayLike<number>[]> => {
      const [c, sum, rowLoss, gradient] = [t.output(6), t.output(3), t.output(3), t.output(15_000)];
      t.kernels.gemm(
        { c },
        { a, b },
        { m: 2, n: 3, k: 5000, batch: 1, transA: false, transB: false, accumulate: false },
      );
      t.kernels.reduce({ y: sum }, { x: logits }, { fn: "sum", outer: 1, axis: 5000, inner: 3 });
      const params = { rows: 3, classes: 5000, inner: 1, smoothing: 0, scale: 1 / 3 };
      t.kernels.softmaxCrossEntropy({ rowLoss, gradient }, { logits, labels }, params);
      return Promise.all([c, sum, rowLoss, gradient].map((handle) => t.read(handle)));
    };
    const first = await once();
    for (let i = 0; i < 3; i++) {
      for (const [j, result] of (await once()).entries()) {
        t.same(result, first[j]!, ["product", "sum", "row loss", "gradient"][j]);
      }
    }
  }),
  memory.quick("zero-length-handles", async (t) => {
    const empty = t.float([]);
    t.check(await t.read(empty), [], t.judge("exact"), "floats");
    t.check(await t.read(t.i32([])), [], t.judge("exact"), "i32");
    t.free(empty);
  }),
  memory.quick("many-handles", async (t) => {
    const handles = Array.from({ length: 200 }, (_, i) => t.float([i, -i, 2 * i]));
    for (let i = 0; i < 200; i += 2) t.free(handles[i]!);
    const more = Array.from({ length: 100 }, (_, i) => t.float([-1, i, -3]));
    for (let i = 1; i < 200; i += 2)
      t.check(await t.read(handles[i]!), [i, -i, 2 * i], t.judge("exact"), `handle ${i}`);
    for (let i = 0; i < 100; i++) t.check(await t.read(more[i]!), [-1, i, -3], t.judge("exact"), `later handle ${i}`);
  }),
  memory.quick("neighbours-do-not-overlap", async (t) => {
    // Odd lengths, so that a backend that rounds sizes or aligns pointers wrongly writes next door.
    const lengths = [1, 3, 330, 12, 5, 33];
    const handles = lengths.map((size, i) => t.float(new Float64Array(size).fill(i + 1)));
    for (const i of [0, 2, 4]) t.kernels.fill({ y: handles[i]! }, {}, { value: -9, length: lengths[i]! });
    for (const [i, size] of lengths.entries()) {
      const expected = new Float64Array(size).fill(i % 2 === 0 ? -9 : i + 1);
      t.check(await t.read(handles[i]!), expected, t.judge("exact"), `handle ${i}`);
    }
  }),
  memory.quick("reused-memory-holds-nothing-old", async (t) => {
    // What was freed held 5s; outputs that land there are complete all the same.
    for (let round = 0; round < 4; round++) {
      const old = Array.from({ length: 6 }, () => t.float(new Float64Array(length).fill(5)));
      for (const handle of old) t.free(handle);
      const padded = t.output(length);
      const x = t.float([1, 2, 3]);
      const range = { dims: [length], strides: [1], offset: 0, from: [0], to: [3] };
      t.kernels.rearrange({ y: padded }, { x }, range);
      const table = t.output(length);
      const inputs = {
        values: t.float([7]),
        order: t.i32([0]),
        starts: t.i32(Int32Array.from({ length: 331 }, (_, i) => Math.min(i, 1))),
      };
      t.kernels.scatterAddRows({ table }, inputs, { rows: 1, cols: 1, tableRows: length });
      const expected = new Float64Array(length);
      expected.set([1, 2, 3]);
      t.check(await t.read(padded), expected, t.judge("exact"), "padded");
      t.check(await t.read(table), expected.fill(0).fill(7, 0, 1), t.judge("exact"), "table");
      for (const handle of [padded, x, table, ...Object.values(inputs)]) t.free(handle);
    }
  }),
  memory.quick("freed-memory-comes-back", (t) => churn(t, 2 ** 20, 128)),
  memory.full("freed-memory-comes-back-a-thousand-times", (t) => churn(t, 2 ** 23, 1024)),
];

/** Holds one block at a time, `times` times: a backend that never takes memory back runs out of it. */
async function churn(t: CaseContext, size: number, times: number): Promise<void> {
  const fits = Math.min(size, t.facts.maxLength);
  let latest: ArrayLike<number> = [];
  for (let i = 0; i < times; i++) {
    const handle = t.output(fits);
    const few = t.float([i, i]);
    if (i === times - 1) latest = await t.read(few);
    t.free(handle);
    t.free(few);
    // A backend that reclaims when it is idle is given the time.
    if (i % 16 === 15) await t.read(t.float([i]));
  }
  t.check(latest, [times - 1, times - 1], t.judge("exact"), "the last block");
}
