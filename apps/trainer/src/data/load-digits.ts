import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { DataError, type DigitData, type LabelledImages } from "./digit-data.ts";
import { readIdx } from "./idx.ts";
import { readMnistFolder } from "./mnist-folder.ts";
import { RENDERED_DIGITS, renderDigits } from "./rendered-digits.ts";

/** The name of the data that need no folder. */
export const BUILT_IN = "built-in";
const BUILT_IN_SIZE = { train: 10_000, test: 2000 } as const;

/** Digits drawn from the seed, or those in a folder. */
export async function loadDigits(source: string, seed: number): Promise<DigitData> {
  return source === BUILT_IN ? renderDigits({ seed, ...BUILT_IN_SIZE }) : readMnistFolder(source);
}

/** The data that weights were trained with, where they need no folder. */
export function builtInFor(name: string): string | undefined {
  return name === RENDERED_DIGITS ? BUILT_IN : undefined;
}

/** Images that may come without labels. */
export interface Images extends Omit<LabelledImages, "labels"> {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  readonly labels: Uint8Array | undefined;
}

/** One set of {@link loadDigits}, or the images of an IDX file. */
export async function loadImages(source: string, seed: number, set: "train" | "test"): Promise<Images> {
  const found = source === BUILT_IN ? undefined : await stat(source).catch(() => undefined);
  if (found === undefined || found.isDirectory()) {
    const { train, test, ...shared } = await loadDigits(source, seed);
    return { ...shared, ...(set === "train" ? train : test) };
  }
  const { shape, data } = await readIdx(source, (promised) => {
    if (promised.length === 3) return;
    throw new DataError(
      "MNIST_SHAPE",
      `${source}: images have 3 dimensions but this file has ${promised.length} (${promised.join(" × ")}); give a file of images`,
    );
  });
  const [count, height, width] = shape as [number, number, number];
  return { name: basename(source), height, width, classes: 10, count, images: data, labels: undefined };
}
