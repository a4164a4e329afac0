import { plain } from "@surprisal/backend-cpu/plain";
import { type Device, openDevice } from "@surprisal/core";
import type { DigitData } from "./data/digit-data.ts";
import { readMnistFolder } from "./data/mnist-folder.ts";
import { renderDigits } from "./data/rendered-digits.ts";
import { percent, progress, seconds, type Terminal } from "./progress.ts";
import { train } from "./training.ts";
import { UsageError } from "./usage-error.ts";
import { weightsHash } from "./weights-hash.ts";

export interface TrainFlags {
  readonly data: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly hidden: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** What `--json` prints as the last line. */
export interface TrainReport {
  readonly data: string;
  readonly trainImages: number;
  readonly testImages: number;
  readonly model: string;
  readonly backend: { readonly name: string; readonly variant: string };
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly weightsHash: string;
  readonly seconds: number;
}

export const BUILT_IN = "built-in";
const BUILT_IN_SIZE = { train: 4000, test: 1000 } as const;

/** `train`: learns digits and says how well. */
export async function trainCommand(flags: TrainFlags, terminal: Terminal): Promise<void> {
  const start = performance.now();
  const data =
    flags.data === BUILT_IN ? renderDigits({ seed: flags.seed, ...BUILT_IN_SIZE }) : await readMnistFolder(flags.data);
  if (flags.batchSize > data.train.count) {
    throw new UsageError(
      `--batch-size ${flags.batchSize} is more than the ${data.train.count} training images; give at most that`,
    );
  }
  const device = await openDevice([plain()]);
  try {
    const report = await trainOn(device, data, flags, terminal);
    const took = seconds(performance.now() - start);
    terminal.write(`Test accuracy ${percent(report.testAccuracy)} after ${flags.epochs} epochs in ${took}\n`);
    if (flags.json) terminal.write(`${JSON.stringify({ ...report, seconds: Number.parseFloat(took) })}\n`);
  } finally {
    await device.close();
  }
}

async function trainOn(
  device: Device,
  data: DigitData,
  flags: TrainFlags,
  terminal: Terminal,
): Promise<Omit<TrainReport, "seconds">> {
  const { name, variant } = device.facts;
  const model = [data.height * data.width, flags.hidden, data.classes].join("-");
  terminal.write(
    `Data     ${data.name}: ${data.train.count} + ${data.test.count} images of ${data.height}×${data.width}\n` +
      `Model    ${model}, softmax cross-entropy, Adam at ${flags.lr}, batches of ${flags.batchSize}\n` +
      `Backend  ${name} (${variant}), seed ${flags.seed}\n`,
  );
  const options = { ...flags, learningRate: flags.lr };
  const { layers, test } = await train(device, data, options, progress(terminal, flags.epochs));
  return {
    data: data.name,
    trainImages: data.train.count,
    testImages: data.test.count,
    model,
    backend: { name, variant },
    epochs: flags.epochs,
    batchSize: flags.batchSize,
    learningRate: flags.lr,
    seed: flags.seed,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
    weightsHash: await weightsHash(layers),
  };
}
