import type { RandomStream } from "@surprisal/nn";

/** How far an image moves at most, in pixels, in each direction. */
const REACH = 2;

/**
 * Writes images `begin` to `end − 1`, each moved by up to {@link REACH} pixels in x and in y, every shift equally likely, into
 * `target`, normalised as `normalised` does. What comes in from outside is paper.
 */
export function shiftImages(
  images: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number },
  [begin, end]: readonly [number, number],
  random: RandomStream,
  target: Float32Array,
): void {
  const size = height * width;
  for (let index = begin; index < end; index++) {
    const dy = random.nextBelow(2 * REACH + 1) - REACH;
    const dx = random.nextBelow(2 * REACH + 1) - REACH;
    const first = index * size;
    target.fill(0, first, first + size);
    const left = Math.max(dx, 0);
    const right = width + Math.min(dx, 0);
    for (let row = Math.max(dy, 0); row < height + Math.min(dy, 0); row++) {
      const to = first + row * width;
      const from = to - dy * width - dx;
      for (let column = left; column < right; column++) target[to + column] = images[from + column]! / 255;
    }
  }
}
