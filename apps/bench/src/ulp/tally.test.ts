import { expect, test } from "vitest";
import { rowClasses } from "./row-classes.ts";
import { broken } from "./table.ts";
import { boundsOf, emptyTally, ulpsOff } from "./tally.ts";

const { loss } = boundsOf("f32", "labels");
const { loss: softLoss } = boundsOf("f32", "probabilities");

test("an ulp is that of the expected value, or of its terms where targets are mixed", () => {
  expect(ulpsOff(1 + 2 ** -23, 1, 0, loss)).toBe(1);
  expect(ulpsOff(1 - 2 ** -24, 1, 0, loss)).toBe(0.5);
  expect(ulpsOff(2 ** -40 + 2 ** -60, 2 ** -40, 0, loss)).toBe(8);
  expect(ulpsOff(2 ** -40 + 2 ** -22, 2 ** -40, 2, softLoss)).toBe(1);
});

test("0 for a normal number is wrong, below the smallest normal number it is not", () => {
  expect(ulpsOff(0, 2 ** -126, 0, loss)).toBe(2 ** 23);
  expect(ulpsOff(0, 2 ** -127, 0, loss)).toBe(0);
});

test("NaN, and an infinity that is none, are infinitely wrong", () => {
  expect(ulpsOff(Number.NaN, 1, 0, loss)).toBe(Infinity);
  expect(ulpsOff(Infinity, 1, 0, loss)).toBe(Infinity);
  expect(ulpsOff(1, Infinity, 0, loss)).toBe(Infinity);
  expect(ulpsOff(Infinity, 6e38, 0, loss)).toBe(0);
});

test("a bound that is broken is named with its rows", () => {
  const wrong = { ...emptyTally(), rows: 100, within: 97, loss: { ulp: 3.5, classes: 10 } };
  const section = { kind: "labels", tallies: [{ rowClass: rowClasses[0]!, tallies: [wrong] }] } as const;
  expect(broken(section, ["relaxed"], [boundsOf("f32", "labels")])).toEqual([
    "relaxed, labels, random: the loss is off by 3.5 ulp at 10 classes; allowed are 3",
    "relaxed, labels: 97.0 % of the losses are within 1 ulp; 98.0 % have to be",
  ]);
  expect(broken(section, ["plain"], [boundsOf("f32-rounded", "labels")])).toHaveLength(1);
});
