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
