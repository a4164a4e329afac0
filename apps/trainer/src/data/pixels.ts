/** How pixels become a model's inputs, as weights files name it: divided by 255, so from 0 to 1. */
export const NORMALISATION = "pixel/255";

/** Bytes of ink as numbers from 0 to 1. */
export function normalised(images: Uint8Array): Float32Array {
  const pixels = new Float32Array(images.length);
  for (let i = 0; i < images.length; i++) pixels[i] = images[i]! / 255;
  return pixels;
}
