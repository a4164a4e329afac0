import { describe, expect, it } from "vitest";
import { normalCdf } from "./special-functions.ts";

describe("normalCdf", () => {
  it("is right to 1e-15 relative from the centre to the far tail", () => {
    // mpmath.ncdf at 60 digits
    const exact: [x: number, value: number][] = [
      [-37.5, 4.605353009581955e-308],
      [-30, 4.906713927148187e-198],
      [-12.25, 8.399796063633417e-35],
      [-8.9, 2.7923343749396464e-19],
      [-8.8, 6.840807685935546e-19],
      [-3, 0.0013498980316300946],
      [-1, 0.15865525393145705],
      [-0.99, 0.1610870595108309],
      [-0.5, 0.3085375387259869],
      [0.001, 0.500398942213911],
      [0.75, 0.7733726476231318],
      [1, 0.8413447460685429],
      [2.5, 0.9937903346742238],
      [6, 0.9999999990134123],
    ];
    for (const [x, value] of exact) expect(Math.abs(normalCdf(x) / value - 1)).toBeLessThan(1e-15);
  });

  it("reaches its limits", () => {
    expect([-Infinity, -50, 0, 50, Infinity].map(normalCdf)).toEqual([0, 0, 0.5, 1, 1]);
    expect(normalCdf(Number.NaN)).toBeNaN();
  });

  it("has Φ(x) + Φ(−x) = 1, across the change of method too", () => {
    for (let x = -4; x <= 4; x += 1 / 64) expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 15);
  });
});
