import { predict } from "@surprisal/nn";
import { openBackend } from "./backends.ts";
import { type Images, loadImages } from "./data/load-digits.ts";
import { normalised } from "./data/pixels.ts";
import { sourceFor } from "./eval-command.ts";
import { type Guess, type Prediction, pictured, plainLines } from "./prediction.ts";
import { ScoreError } from "./score.ts";
import type { Terminals } from "./terminal.ts";
import { checkFits, trainedModel } from "./trained-model.ts";
import { UsageError } from "./usage-error.ts";
import { loadWeights, type Weights } from "./weights-file.ts";

export interface PredictFlags {
  readonly data?: string;
  readonly set: "train" | "test";
  readonly index: readonly number[];
  readonly seed?: number;
  readonly backend?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

/** `predict`: says of images what they show, and how sure that is. */
export async function predictCommand(file: string, flags: PredictFlags, { out }: Terminals): Promise<number> {
  const weights = await loadWeights(file);
  const source = sourceFor(file, weights, flags.data);
  const images = await loadImages(source, flags.seed ?? weights.origin.seed, flags.set);
  checkFits(file, weights, images);
  const beyond = flags.index.find((index) => index >= images.count);
  if (beyond !== undefined) {
    throw new UsageError(`--index ${beyond}: ${images.name} has ${images.count} images; give 0 to ${images.count - 1}`);
  }
  const predictions = await predicted(weights, images, flags);
  if (flags.json) out.write(`${JSON.stringify({ predictions })}\n`);
  for (const prediction of flags.json ? [] : predictions) {
    const image = imageAt(images, prediction.index);
    const lines = out.isTTY ? pictured(prediction, image, images, out) : plainLines(prediction);
    out.write(`${lines.join("\n")}\n`);
  }
  return 0;
}

async function predicted(weights: Weights, images: Images, flags: PredictFlags): Promise<Prediction[]> {
  const device = await openBackend(flags);
  try {
    const pixels = images.height * images.width;
    const chosen = new Uint8Array(flags.index.length * pixels);
    for (const [row, index] of flags.index.entries()) chosen.set(imageAt(images, index), row * pixels);
    const x = { data: normalised(chosen), shape: [flags.index.length, pixels] };
    const { data } = await predict(trainedModel(device, weights), x, { batchSize: 250 });
    if (!data.every(Number.isFinite)) {
      throw new ScoreError("the weights give probabilities that are no numbers; train again, with a smaller --lr");
    }
    return flags.index.map((index, row) => ({
      index,
      ...(images.labels && { label: images.labels[index]! }),
      ...guessOf([...data.subarray(row * images.classes, (row + 1) * images.classes)]),
    }));
  } finally {
    await device.close();
  }
}

function imageAt({ images, height, width }: Images, index: number): Uint8Array {
  return images.subarray(index * height * width, (index + 1) * height * width);
}

function guessOf(probabilities: number[]): Guess {
  return { class: probabilities.indexOf(Math.max(...probabilities)), probabilities };
}
