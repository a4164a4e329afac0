import type { RandomStream } from "@surprisal/nn";
import type { Stroke } from "./digit-strokes.ts";

/** Where the pen goes: at each place its position and half the width of its line, joined by straight pieces. */
export interface PenPath {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly radius: Float64Array;
}

const PIECES_PER_SPAN = 4;

/**
 * Follows a stroke as an unsteady hand would: every point is missed by up to `unsteadiness` in x and in y, and smooth
 * strokes are Catmull–Rom curves through the missed points, cut into straight pieces.
 */
export function followStroke(stroke: Stroke, unsteadiness: number, random: RandomStream): PenPath {
  const miss = (at: number): number => at + unsteadiness * (2 * random.nextFloat() - 1);
  const points = stroke.points.map(([x, y]) => [miss(x), miss(y)] as const);
  if (stroke.path === "straight")
    return penPath(
      points.map(([x]) => x),
      points.map(([, y]) => y),
    );
  return penPath(catmullRom(points.map(([x]) => x)), catmullRom(points.map(([, y]) => y)));
}

function penPath(x: readonly number[], y: readonly number[]): PenPath {
  return { x: Float64Array.from(x), y: Float64Array.from(y), radius: new Float64Array(x.length) };
}

/** One coordinate of the curve through `knots` whose direction at each is that from the knot before to the one after. */
function catmullRom(knots: readonly number[]): number[] {
  const last = knots.length - 1;
  const knot = (index: number): number => knots[Math.min(Math.max(index, 0), last)]!;
  const curve: number[] = [];
  for (let span = 0; span < last; span++) {
    const [before, from, to, after] = [knot(span - 1), knot(span), knot(span + 1), knot(span + 2)];
    for (let piece = 0; piece < PIECES_PER_SPAN; piece++) {
      const t = piece / PIECES_PER_SPAN;
      const cubic = 3 * (from - to) + after - before;
      const square = 2 * before - 5 * from + 4 * to - after;
      curve.push(from + 0.5 * t * (to - before + t * (square + t * cubic)));
    }
  }
  curve.push(knot(last));
  return curve;
}
