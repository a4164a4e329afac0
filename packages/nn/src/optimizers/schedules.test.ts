import { expect, test } from "vitest";
import { expectClose, expectRefused } from "../../testing/claims.ts";
import { cosineOfHalfTurns, wholePower } from "./exact-functions.ts";
import {
  constantRate,
  cosineDecay,
  exponentialDecay,
  linearDecay,
  type Schedule,
  stepDecay,
  warmup,
} from "./schedules.ts";

const rates = (schedule: Schedule, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => schedule(step));

test("rates follow PyTorch's StepLR, ExponentialLR and CosineAnnealingLR", async () => {
  expect(rates(constantRate(0.3), 2)).toEqual([0.3, 0.3]);
  await expectClose(rates(stepDecay({ learningRate: 1, every: 2, factor: 0.5 }), 5), [1, 1, 0.5, 0.5, 0.25]);
  await expectClose(rates(exponentialDecay({ learningRate: 2, factor: 0.9 }), 3), [2, 1.8, 1.62]);
  const cosine = [0, 1, 2, 3, 4, 4].map((t) => 0.1 + (0.9 * (1 + Math.cos((Math.PI * t) / 4))) / 2);
  await expectClose(rates(cosineDecay({ learningRate: 1, steps: 4, finalRate: 0.1 }), 6), cosine);
  await expectClose(rates(linearDecay({ learningRate: 1, steps: 4 }), 6), [1, 0.75, 0.5, 0.25, 0, 0]);
});

test("a warm-up rises to the first rate in a straight line", async () => {
  await expectClose(rates(warmup(constantRate(1), 3), 5), [0.25, 0.5, 0.75, 1, 1]);
  const schedule = cosineDecay({ learningRate: 1, steps: 6, warmup: 2 });
  await expectClose(rates(schedule, 3), [1 / 3, 2 / 3, 1]);
  expect(schedule(4)).toBeCloseTo(0.5, 15);
  expect(schedule(6)).toBeCloseTo(0, 15);
});

test("options are checked", async () => {
  await expectRefused(() => constantRate(-1), "OPTION", "learningRate", "-1");
  await expectRefused(() => cosineDecay({ learningRate: 1, steps: 3, warmup: 3 }), "OPTION", "steps ≥ 4, not 3");
  await expectRefused(() => stepDecay({ learningRate: 1, every: 0 }), "OPTION", "every");
  await expectRefused(() => linearDecay({ learningRate: 1, steps: 2, warmup: 1 } as never), "OPTION", '"warmup"');
});

test("cosine and power agree with the engine's", () => {
  for (let t = 0; t <= 1; t += 1 / 64) {
    expect(Math.abs(cosineOfHalfTurns(t) - Math.cos(Math.PI * t))).toBeLessThan(4e-16);
  }
  for (const n of [0, 1, 2, 3, 10, 1000]) expect(wholePower(0.99, n) / 0.99 ** n).toBeCloseTo(1, 12);
});
