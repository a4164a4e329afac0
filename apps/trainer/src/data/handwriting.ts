import type { RandomStream } from "@surprisal/nn";
import type { PenPath } from "./pen-path.ts";

/** How much one writer's hand differs from the next one's. Each is drawn evenly between its two ends. */
const ROTATION = [-0.09, 0.09] as const; // tangent of half the angle: 10 degrees either way
const SLANT = [-0.05, 0.3] as const;
const SCALE_X = [0.8, 1.05] as const;
const SCALE_Y = [0.85, 1.05] as const;
const SHIFT = [-2.2, 2.2] as const; // pixels
const WARP = [-3, 3] as const; // pixels, at the knots of the field; smoothing leaves about half
const RADIUS = [1, 1.8] as const; // pixels
const PRESSURE = [0.75, 1.25] as const; // of the radius, at the start and at the end of a stroke

/** The centre of the box that digits are described in, and that of an image of 28 × 28. */
const BOX_CENTRE = 10;
const IMAGE_CENTRE = 14;

/** Moves a pen path from the box of the digit to its place in the image, in pixels, and sets the width of its line. */
export type Hand = (path: PenPath, random: RandomStream) => void;

/** Draws a writer: one affine map and one smooth warp, which all strokes of a digit share. */
export function drawHand(random: RandomStream): Hand {
  const affine = drawAffine(random);
  const warpX = drawWarp(random);
  const warpY = drawWarp(random);
  const radius = between(RADIUS, random);
  return (path, strokeRandom) => {
    const start = radius * between(PRESSURE, strokeRandom);
    const end = radius * between(PRESSURE, strokeRandom);
    const last = path.x.length - 1;
    for (let i = 0; i <= last; i++) {
      const [x, y] = affine(path.x[i]! - BOX_CENTRE, path.y[i]! - BOX_CENTRE);
      path.x[i] = x + warpX(x, y);
      path.y[i] = y + warpY(x, y);
      path.radius[i] = start + ((end - start) * i) / last;
    }
  };
}

type PointMap = (x: number, y: number) => readonly [x: number, y: number];

function drawAffine(random: RandomStream): PointMap {
  // The rational form of a rotation: sine and cosine differ between engines in the last bit, quotients do not.
  const t = between(ROTATION, random);
  const cosine = (1 - t * t) / (1 + t * t);
  const sine = (2 * t) / (1 + t * t);
  const slant = between(SLANT, random);
  const scaleX = between(SCALE_X, random);
  const scaleY = between(SCALE_Y, random);
  const shiftX = IMAGE_CENTRE + between(SHIFT, random);
  const shiftY = IMAGE_CENTRE + between(SHIFT, random);
  return (x, y) => {
    const slantedX = scaleX * x - slant * scaleY * y;
    const slantedY = scaleY * y;
    return [cosine * slantedX - sine * slantedY + shiftX, sine * slantedX + cosine * slantedY + shiftY];
  };
}

const CELLS = 2;
const KNOTS = CELLS + 3;
const CELL_SIZE = (2 * IMAGE_CENTRE) / CELLS;

/** A random displacement that varies smoothly over the image: a uniform cubic B-spline surface. */
function drawWarp(random: RandomStream): (x: number, y: number) => number {
  const knots = Float64Array.from({ length: KNOTS * KNOTS }, () => between(WARP, random));
  return (x, y) => {
    const [column, acrossBefore, across0, across1, across2] = splineWeights(x);
    const [row, ...down] = splineWeights(y);
    let displacement = 0;
    for (let i = 0; i < 4; i++) {
      const at = (row + i) * KNOTS + column;
      const across =
        acrossBefore * knots[at]! + across0 * knots[at + 1]! + across1 * knots[at + 2]! + across2 * knots[at + 3]!;
      displacement += down[i]! * across;
    }
    return displacement;
  };
}

/** The cell that `at` lies in, and the weights of the four knots around it; beyond the image its edge counts. */
function splineWeights(at: number): readonly [cell: number, number, number, number, number] {
  const inside = Math.min(Math.max(at / CELL_SIZE, 0), CELLS);
  const cell = Math.min(Math.floor(inside), CELLS - 1);
  const t = inside - cell;
  const s = 1 - t;
  return [
    cell,
    (s * s * s) / 6,
    (3 * t * t * t - 6 * t * t + 4) / 6,
    (3 * s * s * s - 6 * s * s + 4) / 6,
    (t * t * t) / 6,
  ];
}

function between([low, high]: readonly [number, number], random: RandomStream): number {
  return low + (high - low) * random.nextFloat();
}
