import type { Examples } from "@surprisal/nn";
import type { LabelledImages } from "./digit-data.ts";
import { normalised } from "./pixels.ts";

/** Images and labels as `fit`, `evaluate` and `predict` take them. */
export interface Rows {
  readonly x: { readonly data: Float32Array; readonly shape: readonly [rows: number, pixels: number] };
  readonly y: Uint8Array & Examples;
}

/** All images of a set, one a row. */
export function rowsOf({ count, images, labels }: LabelledImages): Rows {
  return { x: { data: normalised(images), shape: [count, images.length / count] }, y: labels };
}
