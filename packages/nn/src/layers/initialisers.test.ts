import { expect, test } from "vitest";
import { expectRefused } from "../../testing/claims.ts";
import { randomStream } from "../random/random-stream.ts";
import { glorotUniform, type InitialiserName, initialValues, normal, uniform } from "./initialisers.ts";

const drawn = (name: InitialiserName): number[] =>
  Array.from(initialValues(name, [300, 100], randomStream(4)).data as Float32Array);
const variance = (values: number[]): number => values.reduce((sum, x) => sum + x * x, 0) / values.length;

// Keras' documentation; fanInUniform is the default of torch.nn.Linear.
test.each<[InitialiserName, number, number]>([
  ["glorotUniform", Math.sqrt(6 / 400), 2 / 400],
  ["heUniform", Math.sqrt(6 / 300), 2 / 300],
  ["fanInUniform", 1 / Math.sqrt(300), 1 / 900],
  ["uniform", 0.05, 0.05 ** 2 / 3],
  ["glorotNormal", (2 * Math.sqrt(2 / 400)) / 0.8796256610342398, 2 / 400],
  ["heNormal", (2 * Math.sqrt(2 / 300)) / 0.8796256610342398, 2 / 300],
])("%s lies within ±%f and has variance %f", (name, limit, expected) => {
  const values = drawn(name);
  const largest = Math.max(...values.map(Math.abs));
  expect(largest).toBeLessThanOrEqual(limit * (1 + 1e-6));
  expect(largest).toBeGreaterThan(limit * 0.97);
  expect(Math.abs(variance(values) / expected - 1)).toBeLessThan(0.05);
});

test("normal has no limit; zeros and ones are what they say", () => {
  const values = drawn("normal");
  expect(Math.abs(variance(values) / 0.0025 - 1)).toBeLessThan(0.05);
  expect(Math.max(...values)).toBeGreaterThan(0.15);
  expect(new Set(drawn("zeros"))).toEqual(new Set([0]));
  expect(new Set(drawn("ones"))).toEqual(new Set([1]));
});

test("others are functions", () => {
  const wide = initialValues(uniform(2, 3), [1000], randomStream(1)).data as Float32Array;
  expect(Math.min(...wide) >= 2 && Math.max(...wide) < 3).toBe(true);
  const far = initialValues(normal(50, 1), [1000], randomStream(1)).data as Float32Array;
  expect(Math.abs(far.reduce((sum, x) => sum + x, 0) / 1000 - 50)).toBeLessThan(0.2);
});

test("the same stream gives the same bits, which are the ones they were", async () => {
  expect(initialValues("heNormal", [2, 2], randomStream(7)).data).toEqual(
    initialValues("heNormal", [2, 2], randomStream(7)).data,
  );
  expect(glorotUniform(3, 2, randomStream(7)).data).toEqual(
    initialValues("glorotUniform", [3, 2], randomStream(7)).data,
  );
  await expectRefused(() => initialValues("he" as never, [2], randomStream(7)), "OPTION", '"he"', "heUniform");
});
