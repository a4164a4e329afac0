import type { LabelledImages } from "./data/digit-data.ts";

/** Rows of a data set, ready for the device: pixels from 0 to 1, and one label a row. */
export interface Batch {
  readonly rows: number;
  readonly images: Float32Array;
  readonly labels: Uint8Array;
}

/** Splits a data set into batches of `batchSize` rows in the given order; the last one may be smaller. */
export function* batches(
  data: LabelledImages,
  pixels: number,
  batchSize: number,
  order?: Uint32Array,
): Generator<Batch> {
  for (let start = 0; start < data.count; start += batchSize) {
    const rows = Math.min(batchSize, data.count - start);
    const images = new Float32Array(rows * pixels);
    const labels = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      const source = order === undefined ? start + row : order[start + row]!;
      labels[row] = data.labels[source]!;
      const from = source * pixels;
      for (let i = 0; i < pixels; i++) images[row * pixels + i] = data.images[from + i]! / 255;
    }
    yield { rows, images, labels };
  }
}
