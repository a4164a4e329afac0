import { permutation, type RandomStream, randomStream } from "@surprisal/nn";
import type { DigitData, LabelledImages } from "./digit-data.ts";
import { DataError } from "./digit-data.ts";
import { DIGIT_STROKES } from "./digit-strokes.ts";
import { drawHand } from "./handwriting.ts";
import { develop, drawPath, IMAGE_SIZE, newSheet } from "./ink.ts";
import { followStroke } from "./pen-path.ts";

/** What the data that is drawn is called. */
export const RENDERED_DIGITS = "rendered-digits";

export interface RenderOptions {
  readonly seed: number;
  /** How many images to draw for training and for testing, at least 1 each. */
  readonly train: number;
  readonly test: number;
}

const CLASSES: number = DIGIT_STROKES.length;
const PIXELS = IMAGE_SIZE * IMAGE_SIZE;
const MAX_COUNT = Math.floor((2 ** 31 - 1) / PIXELS);

const UNSTEADINESS = 0.9; // in a box of 20
const DARKNESS_LOW = 170;
const NOISE = 24;

/** Keys of the streams of one seed: what is drawn with one never depends on how much is drawn with another. */
const SPLIT_KEYS = { train: 0, test: 1 } as const;
const IMAGE_KEY = 0;
const ORDER_KEY = 1;

/**
 * Draws handwriting-like digits 0 to 9 of 28 × 28, for when there is no data set at hand.
 *
 * An image depends on the seed, its split and its index alone, and is the same bytes on every machine and engine: only
 * + − × ÷ and square roots, which IEEE 754 defines to the last bit, decide over a pixel. Every ten images in a row
 * show each digit once, in an order drawn from the seed.
 *
 * ```ts
 * const { train, test } = renderDigits({ seed: 1, train: 5000, test: 1000 });
 * ```
 *
 * @throws DataError `DIGITS_COUNT`
 */
export function renderDigits({ seed, train, test }: RenderOptions): DigitData {
  checkCount("train", train);
  checkCount("test", test);
  return {
    name: RENDERED_DIGITS,
    height: IMAGE_SIZE,
    width: IMAGE_SIZE,
    classes: CLASSES,
    train: renderSplit(train, (...key) => randomStream(seed, SPLIT_KEYS.train, ...key)),
    test: renderSplit(test, (...key) => randomStream(seed, SPLIT_KEYS.test, ...key)),
  };
}

type KeyedStream = (...key: number[]) => RandomStream;

function renderSplit(count: number, random: KeyedStream): LabelledImages {
  const labels = balancedLabels(count, random);
  const images = new Uint8Array(count * PIXELS);
  for (let index = 0; index < count; index++) {
    const image = images.subarray(index * PIXELS, (index + 1) * PIXELS);
    renderDigit(labels[index]!, random(IMAGE_KEY, index), image);
  }
  return { count, images, labels };
}

/** One shuffle of all classes after the other, each with its own key. */
function balancedLabels(count: number, random: KeyedStream): Uint8Array {
  const labels = new Uint8Array(count);
  for (let start = 0; start < count; start += CLASSES) {
    const order = permutation(CLASSES, random(ORDER_KEY, start / CLASSES));
    labels.set(order.subarray(0, count - start), start);
  }
  return labels;
}

function renderDigit(digit: number, random: RandomStream, image: Uint8Array): void {
  const glyphs = DIGIT_STROKES[digit]!;
  const glyph = glyphs[random.nextBelow(glyphs.length)]!;
  const hand = drawHand(random);
  const sheet = newSheet();
  for (const stroke of glyph) {
    const path = followStroke(stroke, UNSTEADINESS, random);
    hand(path, random);
    drawPath(sheet, path);
  }
  const darkness = DARKNESS_LOW + (255 - DARKNESS_LOW) * random.nextFloat();
  develop(sheet, darkness, NOISE, random, image);
}

function checkCount(split: string, count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_COUNT) return;
  throw new DataError(
    "DIGITS_COUNT",
    `renderDigits: ${split} is ${count} but must be a whole number from 1 to ${MAX_COUNT}; ask for that many images`,
  );
}
