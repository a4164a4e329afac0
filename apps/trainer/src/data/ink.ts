import type { RandomStream } from "@surprisal/nn";
import type { PenPath } from "./pen-path.ts";

export const IMAGE_SIZE = 28;

/** Ink fades over this many pixels on either side of a line's edge. */
const FADE = 0.5;

/** A sheet to draw on: for each pixel how deep its centre lies inside a line, in pixels; negative outside. */
export type Sheet = Float64Array;

export function newSheet(): Sheet {
  return new Float64Array(IMAGE_SIZE * IMAGE_SIZE).fill(-FADE);
}

/** Draws a path with round ends. Where lines cross, the deeper one counts: ink does not add up. */
export function drawPath(sheet: Sheet, { x, y, radius }: PenPath): void {
  for (let i = 1; i < x.length; i++) {
    drawPiece(sheet, x[i - 1]!, y[i - 1]!, radius[i - 1]!, x[i]!, y[i]!, radius[i]!);
  }
}

function drawPiece(
  sheet: Sheet,
  x0: number,
  y0: number,
  radius0: number,
  x1: number,
  y1: number,
  radius1: number,
): void {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const squaredLength = Math.max(dx * dx + dy * dy, 1e-9); // A piece of no length is a dot.
  const reach = Math.max(radius0, radius1) + FADE;
  const left = firstPixel(Math.min(x0, x1) - reach);
  const right = lastPixel(Math.max(x0, x1) + reach);
  const top = firstPixel(Math.min(y0, y1) - reach);
  const bottom = lastPixel(Math.max(y0, y1) + reach);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const px = column + 0.5 - x0;
      const py = row + 0.5 - y0;
      const along = Math.min(Math.max((px * dx + py * dy) / squaredLength, 0), 1);
      const offX = px - along * dx;
      const offY = py - along * dy;
      const depth = radius0 + along * (radius1 - radius0) - Math.sqrt(offX * offX + offY * offY);
      const at = row * IMAGE_SIZE + column;
      if (depth > sheet[at]!) sheet[at] = depth;
    }
  }
}

/** The first and the last pixel whose centre may lie within the reach of a line that begins or ends at `edge`. */
function firstPixel(edge: number): number {
  return Math.max(Math.floor(edge - 0.5), 0);
}
function lastPixel(edge: number): number {
  return Math.min(Math.ceil(edge - 0.5), IMAGE_SIZE - 1);
}

/**
 * Turns depths into bytes: no ink half a pixel outside a line, `darkness` (0 to 255) half a pixel inside, evenly
 * between, and on every pixel noise of at most `noise` up or down, most often little.
 */
export function develop(sheet: Sheet, darkness: number, noise: number, random: RandomStream, image: Uint8Array): void {
  let bits = 0;
  for (let at = 0; at < sheet.length; at++) {
    // Two bytes make one symmetric noise value, so a number of 32 bits serves two pixels.
    bits = at % 2 === 0 ? random.nextUint32() : bits >>> 16;
    const grain = ((bits & 0xff) - ((bits >>> 8) & 0xff)) / 255;
    const ink = darkness * Math.min(sheet[at]! + FADE, 1) + noise * grain;
    image[at] = Math.min(Math.max(Math.floor(ink + 0.5), 0), 255);
  }
}
