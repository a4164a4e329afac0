import { percent } from "./numbers.ts";
import { picture } from "./picture.ts";
import type { Canvas } from "./terminal.ts";

/** What a model makes of an image. */
export interface Guess {
  /** The likeliest class. */
  readonly class: number;
  /** Of every class. */
  readonly probabilities: readonly number[];
}

/** A guess on an image of a set. */
export interface Prediction extends Guess {
  readonly index: number;
  /** What it is said to be, where labels came with it. */
  readonly label?: number;
}

/** For a log file: the guess on one line, the probabilities of all classes on the next. */
export function plainLines(prediction: Prediction): string[] {
  const percentages = prediction.probabilities.map((probability) => (100 * probability).toFixed(2));
  return [headline(prediction), `  ${percentages.join(" ")} %`];
}

const BAR_WIDTH = 20;

/** For a terminal: the image with a bar for each class beside it, where there is room. */
export function pictured(
  prediction: Prediction,
  image: Uint8Array,
  size: { readonly height: number; readonly width: number },
  { columns = 80, colours = false }: Canvas,
): string[] {
  const bars = prediction.probabilities.map((probability, label) => {
    const bar = "━".repeat(Math.round(probability * BAR_WIDTH));
    const line = `${label} ${percent(probability).padStart(8)} ${bar}`;
    return colours && label === prediction.class ? `\x1b[32m${line}\x1b[39m` : line;
  });
  const room = columns - BAR_WIDTH - 13;
  if (size.width > room) return [headline(prediction), ...bars];
  const lines = picture(image, size);
  const beside = Array.from({ length: Math.max(lines.length, bars.length) }, (_, i) =>
    `${(lines[i] ?? "").padEnd(size.width)}  ${bars[i] ?? ""}`.trimEnd(),
  );
  return [headline(prediction), ...beside];
}

function headline({ index, label, class: guess, probabilities }: Prediction): string {
  const right = label === undefined ? "" : label === guess ? ", which is right" : `, but it is labelled ${label}`;
  return `Image ${index}: ${guess} with ${percent(probabilities[guess] ?? Number.NaN)}${right}`;
}
