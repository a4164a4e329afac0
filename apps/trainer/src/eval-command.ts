import type { Device } from "@surprisal/core";
import { compile, sgd } from "@surprisal/nn";
import { announceBackend } from "./announce-backend.ts";
import { openBackend } from "./backends.ts";
import { builtInFor, loadDigits } from "./data/load-digits.ts";
import { rowsOf } from "./data/rows.ts";
import { lossText, percent } from "./numbers.ts";
import { type Score, ScoreError, scoreMetrics, scoreOf } from "./score.ts";
import { type Terminals, writeFact, writeLine } from "./terminal.ts";
import { checkFits, trainedModel } from "./trained-model.ts";
import { UsageError } from "./usage-error.ts";
import { loadWeights, type Weights } from "./weights-file.ts";
import { weightsHash } from "./weights-hash.ts";

export interface EvalFlags {
  readonly data?: string;
  readonly seed?: number;
  readonly backend?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

/** What `--json` prints as its one line. */
export interface EvalReport {
  readonly backend: string;
  readonly variant: string;
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly weightsHash: string;
}

/** `eval`: scores saved weights on a test set. */
export async function evalCommand(file: string, flags: EvalFlags, { out, err }: Terminals): Promise<number> {
  const screen = flags.json ? err : out;
  const weights = await loadWeights(file);
  const { origin, widths, state } = weights;
  const data = await loadDigits(sourceFor(file, weights, flags.data), flags.seed ?? origin.seed);
  checkFits(file, weights, data);
  const device = await openBackend(flags);
  try {
    writeFact(screen, "Data", `${data.name}: ${data.test.count} test images of ${data.height}×${data.width}`);
    writeFact(screen, "Weights", `${widths.join("-")}, ${origin.epochs} epochs on ${origin.data} (${origin.variant})`);
    announceBackend(screen, device);
    const { loss, accuracy } = await scored(device, weights, data.test);
    if (!Number.isFinite(loss))
      throw new ScoreError(`${file}: its test loss is ${loss}; train again, with a smaller --lr`);
    writeLine(screen, `Test accuracy ${percent(accuracy)} (loss ${lossText(loss)})`);
    const { name: backend, variant } = device.facts;
    const hash = weightsHash(state);
    const report: EvalReport = { backend, variant, testLoss: loss, testAccuracy: accuracy, weightsHash: hash };
    if (flags.json) out.write(`${JSON.stringify(report)}\n`);
    return 0;
  } finally {
    await device.close();
  }
}

/** The data asked for, or those that the weights were trained with. */
export function sourceFor(file: string, { origin }: Weights, given: string | undefined): string {
  const source = given ?? builtInFor(origin.data);
  if (source !== undefined) return source;
  throw new UsageError(`${file} was trained on ${origin.data}; say where that is: --data DIR`);
}

const ROWS_AT_ONCE = 250;

async function scored(device: Device, weights: Weights, test: Parameters<typeof rowsOf>[0]): Promise<Score> {
  const classifier = compile(trainedModel(device, weights), {
    optimizer: (parameters) => sgd(parameters, { learningRate: 0 }),
    loss: "sparse_categorical_crossentropy",
    metrics: scoreMetrics(),
  });
  const { x, y } = rowsOf(test);
  return scoreOf(await classifier.evaluate(x, y, { batchSize: ROWS_AT_ONCE }));
}
