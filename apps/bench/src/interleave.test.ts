import { expect, test } from "vitest";
import { interleave } from "./interleave.ts";

const spin = (ms: number) => {
  const start = performance.now();
  while (performance.now() - start < ms);
};

test("every round has a sample of each run, synchronous or not", async () => {
  const samples = await interleave([() => spin(1), () => new Promise((resolve) => setTimeout(resolve, 4))], {
    rounds: 3,
    sampleMs: 2,
  });
  expect(samples.map((sample) => sample.length)).toEqual([3, 3]);
  expect(Math.min(...samples[0]!)).toBeGreaterThanOrEqual(1);
  expect(Math.min(...samples[1]!)).toBeGreaterThan(3);
});

test("what would take too long takes part in the first rounds alone", async () => {
  // By what they say that they took: a busy machine takes longer.
  const taking = (ms: number) => ({ run() {}, sample: async () => ms });
  const samples = await interleave([taking(1), taking(30)], { rounds: 5, sampleMs: 1, warmUpMs: 1, mostMs: 75 });
  expect(samples.map((sample) => sample.length)).toEqual([5, 2]);
});

test("a run that takes its samples itself is believed", async () => {
  const calls: number[] = [];
  const sample = async (count: number) => {
    calls.push(count);
    return 0.5;
  };
  const [samples] = await interleave([{ run: () => {}, sample }], { rounds: 3, sampleMs: 2, warmUpMs: 0 });
  expect(samples).toEqual([0.5, 0.5, 0.5]);
  expect(calls.slice(-3)).toEqual([4, 4, 4]);
});
