import { expect, test } from "vitest";
import { randomStream } from "./random-stream.ts";
import { logarithm, standardNormal } from "./standard-normal.ts";

test("the logarithm agrees with the engine's to a few units in the last place", () => {
  for (const x of [2 ** -46, 1e-9, 0.1, 0.5, Math.SQRT1_2 - 1e-16, Math.SQRT1_2, 0.9, 1 - 2 ** -47]) {
    expect(Math.abs(logarithm(x) / Math.log(x) - 1)).toBeLessThan(4 * Number.EPSILON);
  }
});

test("normal numbers have the moments and the tails of the normal distribution", () => {
  const random = randomStream(11);
  const count = 100_000;
  const moments = [0, 0, 0, 0];
  let beyondTwo = 0;
  for (let i = 0; i < count; i++) {
    const z = standardNormal(random);
    for (let k = 0; k < 4; k++) moments[k]! += z ** (k + 1) / count;
    if (Math.abs(z) > 2) beyondTwo++;
  }
  // Means 0, 1, 0, 3 with variances 1, 2, 15, 96 of z, z², z³, z⁴; P(|z| > 2) = 0.0455.
  const expected = [0, 1, 0, 3];
  for (const [k, variance] of [1, 2, 15, 96].entries()) {
    expect(Math.abs(moments[k]! - expected[k]!)).toBeLessThan(4 * Math.sqrt(variance / count));
  }
  expect(Math.abs(beyondTwo / count - 0.0455)).toBeLessThan(4 * Math.sqrt(0.0455 / count));
});
