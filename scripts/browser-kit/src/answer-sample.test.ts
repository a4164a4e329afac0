import { expect, test } from "vitest";
import { type AnswerSample, sampler, spread } from "./answer-sample.ts";

function sampleOf(...answers: number[][]): AnswerSample {
  const sample: AnswerSample = {};
  const tell = sampler(sample);
  for (const values of answers) tell({ id: "one", name: "y", values, scale: () => 2 });
  return sample;
}

test("answers of one case are held to each other in their order, in units of the scale", () => {
  expect([...spread(sampleOf([1, 2], [5]), sampleOf([1, 2.5], [8]))]).toEqual([["one", 1.5]]);
});

test("equal infinities and NaN agree, what is flushed does too, and NaN is infinitely far from a number", () => {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, 1e-38];
  expect([...spread(sampleOf(odd), sampleOf(odd.with(2, 0)))]).toEqual([["one", 0]]);
  expect([...spread(sampleOf([Number.NaN]), sampleOf([1]))]).toEqual([["one", Number.POSITIVE_INFINITY]]);
});

test("a long answer is sampled from its beginning to its end", () => {
  const values = Array.from({ length: 3200 }, (_, i) => i);
  const [sample] = Object.values(sampleOf(values));
  expect(sample!.filter((_, i) => i % 2 === 0)).toEqual(Array.from({ length: 32 }, (_, i) => 100 * i));
});
