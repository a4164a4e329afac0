/**
 * One movement of the pen: points `[x, y]` in a box of 20 × 20, x to the right and y down, as MNIST centres its digits
 * in a box of that size. The pen moves straight between them, or on a smooth curve through them.
 */
export interface Stroke {
  readonly path: "straight" | "smooth";
  readonly points: readonly (readonly [x: number, y: number])[];
}

type Glyph = readonly Stroke[];

/** Points are written as in SVG: `x,y` pairs with spaces between them. */
const straight = (points: string): Stroke => ({ path: "straight", points: parsePoints(points) });
const smooth = (points: string): Stroke => ({ path: "smooth", points: parsePoints(points) });

function parsePoints(points: string): Stroke["points"] {
  return points.split(" ").map((pair) => pair.split(",").map(Number) as [number, number]);
}

/** How people write each digit: a few ways for each of 0 to 9, all equally frequent. */
export const DIGIT_STROKES: readonly (readonly Glyph[])[] = [
  [
    [smooth("10,0.5 5,3 3.2,10 5,17 10,19.5 15,17 16.8,10 15,3 10,0.5")],
    [smooth("11,0.5 7,4 6,11 7.5,17.5 10.5,19.5 13.5,16.5 14.5,9 13,2.5 11,0.5")],
    [smooth("13.5,2.5 9,0.8 4.8,5 3.6,11 6,18 11,19.3 15.5,14.5 16,7 12.5,2 8.5,1.5")],
  ],
  [
    [straight("10,0 10,20")],
    [straight("6,4.5 10.5,0 10.5,20")],
    [straight("6.5,4 10,0.5 10,19.5"), straight("5.5,19.5 14.5,19.5")],
  ],
  [
    [smooth("4,5 6,1.5 10,0.3 14.5,2 15,6.5 11.5,11.5 7,15.8 3.5,19.5"), straight("3.5,19.5 16.5,19.5")],
    [smooth("4,4 8.5,0.5 14,2 14.5,7 11,13 6.5,18.5 3.5,18 4.5,15.3 8.5,16.5 12.5,19.3 16.5,18.5")],
    [smooth("4.5,2.5 10,0.5 15,3.5 13.5,9 8,14 4,19"), smooth("4,19 10,18.2 16.5,19.5")],
  ],
  [
    [smooth("4,2.8 9,0.3 14.3,2.5 13.8,7 8.5,9.5"), smooth("8.5,9.5 14.3,11.3 15.5,15.5 10.5,19.7 4,17.3")],
    [straight("4,0.8 15,0.8 9,8.3"), smooth("9,8.3 14,10 15.5,14.5 11,19.3 4.2,17.8")],
    [smooth("4.5,1.8 10,0.3 14,4 11.5,8.2 8,9.3 12.5,10.5 14.5,14.8 11,19 4,19.3")],
  ],
  [
    [straight("5,0.5 4,11.3 16.5,11.3"), straight("13,4 12.5,20")],
    [straight("12.8,20 12.8,0.3 3.5,13.3 17,13.3")],
    [smooth("5,1 4.3,7 6.5,10.8 10.5,10.6 14.3,8.5"), straight("15,1 13,20")],
  ],
  [
    [straight("15.5,0.6 6,0.6 5.2,8.8"), smooth("5.2,8.8 10,7.3 14.8,9.8 15.2,15.2 11,19.3 4,18")],
    [smooth("15,0.8 8,1.5 6,5.8 9,8.5 13.8,11.3 14.3,16.5 9.5,19.5 4.5,17.3")],
    [smooth("6.5,1 6,5 5.5,9 9.5,8 14,10.5 14.3,15.5 10,19.2 4.5,18.2"), straight("6.5,1 15,0.5")],
  ],
  [
    [smooth("13,0.5 7.8,5 4.8,12 6,18 10.5,19.7 15,17 15,12.5 10.5,10.3 5.8,13.5")],
    [smooth("10.5,0 7,7.5 5.8,14.5 8.2,19.3 12.5,18.5 13.6,14.3 10.5,11.8 6.3,15")],
    [smooth("15,2 10,2 6,6.5 4.6,13 7.5,18.8 12.5,18.3 14.3,14 11,10.8 5.5,12")],
  ],
  [
    [straight("3.5,1 16,1 8.5,20")],
    [straight("3.5,1.2 15.5,0.8 8.5,20"), straight("7,10.5 15.5,10.5")],
    [straight("3.8,4.5 4,1 16,1.2"), smooth("16,1.2 12.3,7.5 10.5,13 10,20")],
  ],
  [
    [smooth("14.5,3 10,0.3 5.5,3 7,7.5 13,11.8 15,16 10,19.7 5,16 7,11.8 13,7.5 14.5,3")],
    [
      smooth("10,0.5 6.2,2.3 6.2,7 10,9.2 13.8,7 13.8,2.3 10,0.5"),
      smooth("10,9.2 5.2,12 5.2,17.2 10,19.6 14.8,17.2 14.8,12 10,9.2"),
    ],
    [smooth("13.5,1.5 8,1 6,4.5 9.5,8.5 13,12.5 13,17.5 9,19.5 6.2,16.5 8,12 12.5,7 14,2")],
  ],
  [
    [smooth("15,4 10.5,0.5 5.5,3 5.5,8 10,10.3 14.3,7.5 15,4"), straight("15,3.5 13.5,20")],
    [smooth("14.5,3.5 10,0.5 5.3,3.5 6,8.5 10.5,9.8 14.8,5 14.8,12 12,18 8,19.5 5,17.5")],
    [smooth("14,2 9,1 6,5 8,9.3 12,8 14,2.5 13.3,10 11,20")],
  ],
];
