import type { Device } from "@surprisal/core";
import { announceBackend } from "./announce-backend.ts";
import { openBackend } from "./backends.ts";
import type { ClassWeighting } from "./class-weights.ts";
import type { DigitData } from "./data/digit-data.ts";
import { loadDigits } from "./data/load-digits.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { lossPlot } from "./loss-plot.ts";
import { weightCount } from "./model.ts";
import { lossText, percent, seconds } from "./numbers.ts";
import { type OptimizerName, optimizers } from "./optimizers.ts";
import { progress } from "./progress.ts";
import type { ScheduleName } from "./schedules.ts";
import { type Terminal, type Terminals, writeFact, writeLine } from "./terminal.ts";
import { weightsOf } from "./trained-model.ts";
import { type Trained, trainDigits } from "./training.ts";
import { UsageError } from "./usage-error.ts";
import { MOST_WEIGHTS, saveWeights } from "./weights-file.ts";
import { weightsHash } from "./weights-hash.ts";
import { checkWritable } from "./write-atomically.ts";

export interface TrainFlags {
  readonly data: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr?: number;
  readonly optimizer: OptimizerName;
  readonly schedule: ScheduleName;
  readonly hidden: readonly number[];
  readonly dropout: number;
  readonly augment: "none" | "shift";
  readonly labelSmoothing: number;
  readonly classWeights?: ClassWeighting;
  readonly seed: number;
  readonly backend?: string;
  readonly threads?: number;
  readonly out: string;
  readonly json?: boolean;
}

/** What `--json` prints as its one line. */
export interface TrainReport {
  readonly backend: string;
  readonly variant: string;
  readonly epochs: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly weightsHash: string;
  readonly samplesPerSecond: number;
  readonly seconds: number;
}

/** `train`: learns digits, says how well, and saves what it learned. Returns the exit code. */
export async function trainCommand(flags: TrainFlags, { out, err }: Terminals): Promise<number> {
  const start = performance.now();
  const screen = flags.json ? err : out;
  const interrupts = listenForInterrupts();
  let device: Device | undefined;
  try {
    const target = await checkWritable(flags.out);
    const data = await loadDigits(flags.data, flags.seed);
    checkSizes(flags, data);
    device = await openBackend(flags);
    const learningRate = flags.lr ?? optimizers[flags.optimizer].learningRate;
    introduce(screen, device, data, flags, learningRate);
    const trained = await trainWatched(device, data, { ...flags, learningRate }, screen, interrupts.signal);
    if (trained.interrupted && trained.steps === 0) {
      interrupted(screen, "before the first step; there is nothing to save yet");
      return interrupts.exitCode() ?? 0;
    }
    const hash = await save(target, trained, data, flags.seed);
    const took = performance.now() - start;
    if (trained.interrupted) {
      interrupted(screen, `after ${trained.epochs.length} of ${flags.epochs} epochs; weights saved to ${flags.out}`);
    } else {
      conclude(screen, trained, flags, took);
      if (flags.json) out.write(`${JSON.stringify(report(device, trained, hash, took))}\n`);
    }
    return interrupts.exitCode() ?? 0;
  } finally {
    interrupts.release();
    await device?.close();
  }
}

/** Refuses batches and models that are too large, before anything is made of them. */
function checkSizes({ batchSize, hidden }: TrainFlags, { height, width, classes, train }: DigitData): void {
  if (batchSize > train.count) {
    throw new UsageError(
      `--batch-size ${batchSize} is more than the ${train.count} training images; give at most that`,
    );
  }
  const weights = weightCount([height * width, ...hidden, classes]);
  if (weights > MOST_WEIGHTS) {
    throw new UsageError(
      `--hidden ${hidden.join(",")} makes a model of ${weights} weights, and a weights file holds at most ${MOST_WEIGHTS}; give fewer units`,
    );
  }
}

function interrupted(screen: Terminal, when: string): void {
  // Behind the ^C of a terminal.
  if (screen.isTTY) screen.write("\n");
  writeLine(screen, `Interrupted ${when}`);
}

function introduce(screen: Terminal, device: Device, data: DigitData, flags: TrainFlags, learningRate: number): void {
  const { name, height, width, classes, train, test } = data;
  const widths = [height * width, ...flags.hidden, classes].join("-");
  const rate = `${flags.optimizer} at ${learningRate}${flags.schedule === "constant" ? "" : `, ${flags.schedule}`}`;
  writeFact(screen, "Data", `${name}: ${train.count} + ${test.count} images of ${height}×${width}`);
  writeFact(screen, "Model", `${widths}, softmax cross-entropy, ${rate}, batches of ${flags.batchSize}`);
  announceBackend(screen, device, `; seed ${flags.seed}`);
}

async function trainWatched(
  device: Device,
  data: DigitData,
  options: Parameters<typeof trainDigits>[2],
  screen: Terminal,
  signal: AbortSignal,
): Promise<Trained> {
  const shown = progress(screen, options.epochs);
  try {
    return await trainDigits(device, data, options, shown, signal);
  } finally {
    shown.stop();
  }
}

/** Saves the weights. Returns their hash. */
async function save(target: string, { model, epochs }: Trained, data: DigitData, seed: number): Promise<string> {
  const weights = await weightsOf(model);
  const { variant } = model.device.facts;
  await saveWeights(target, { ...weights, origin: { data: data.name, seed, epochs: epochs.length, variant } });
  return weightsHash(weights.state);
}

function conclude(screen: Terminal, { epochs, samplesPerSecond }: Trained, flags: TrainFlags, took: number): void {
  const { test } = epochs.at(-1)!;
  if (screen.isTTY) screen.write(lossPlot(epochs, screen));
  writeFact(screen, "Weights", flags.out);
  const speed = `${Math.round(samplesPerSecond)} images/s`;
  writeLine(
    screen,
    `Test accuracy ${percent(test.accuracy)} (loss ${lossText(test.loss)}) after ${flags.epochs} epoch${flags.epochs === 1 ? "" : "s"} in ${seconds(took)}, ${speed}`,
  );
}

function report(device: Device, { epochs, samplesPerSecond }: Trained, hash: string, took: number): TrainReport {
  const { loss, test } = epochs.at(-1)!;
  return {
    backend: device.facts.name,
    variant: device.facts.variant,
    epochs: epochs.length,
    trainLoss: loss,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
    weightsHash: hash,
    samplesPerSecond: Math.round(samplesPerSecond),
    seconds: Math.round(took) / 1000,
  };
}
