import { openDevice } from "@surprisal/core";
import {
  adam,
  buildModel,
  type CompiledModel,
  compile,
  dense,
  permutation,
  randomStream,
  sequential,
} from "@surprisal/nn";
import { interleave } from "../interleave.ts";
import { type Spread, spread } from "../statistics.ts";
import { provider, type Variant } from "../subject.ts";
import { recorder } from "./recorder.ts";

const ROWS = 1280;
const PIXELS = 784;
const BATCH = 128;
const STEPS = ROWS / BATCH;
/** Some thousands of steps. */
const WARM_UP_MS = 8000;

/** Microseconds of a step of `fit`, and of the same step written by hand on the backend. */
export interface FitOverhead {
  readonly calls: number;
  readonly fit: Spread;
  readonly byHand: Spread;
  /** fit's part of its time, in percent. */
  readonly share: Spread;
  /** That of the best rounds. */
  readonly shareAtBest: number;
}

/**
 * 784-128-10 with Adam and accuracy, 1280 rows in batches of 128: what `fit` costs in all, and what a loop costs that gathers
 * the same rows, uploads them and calls the same kernels on ready handles. `fit` also records, differentiates, reads loss and
 * accuracy, and gives way to timers.
 */
export async function fitOverhead(variant: Variant, rounds: number): Promise<FitOverhead> {
  const device = await openDevice([provider(variant)]);
  const { provider: recorded, calls, uploads } = recorder(provider(variant));
  const shadow = await openDevice([recorded]);
  const pixels = Float32Array.from({ length: ROWS * PIXELS }, (_, i) => ((i * 7) % 255) / 255);
  const x = { data: pixels, shape: [ROWS, PIXELS] };
  const y = Uint8Array.from({ length: ROWS }, (_, i) => i % 10);
  const oneEpoch = (classifier: CompiledModel) => async () => {
    await classifier.fit(x, y, { batchSize: BATCH });
  };

  const record = oneEpoch(classifierOn(shadow));
  await record();
  // The second time is as all that follow.
  calls.length = 0;
  uploads.length = 0;
  await record();
  // The buffers and handles of one step, again and again.
  const batch = uploads.findLast(({ data }) => data.length === BATCH * PIXELS)!.data as Float32Array;
  const step = [...lastOf(uploads).map(({ repeat }) => repeat), ...lastOf(calls)];
  const byHand = (seed: number): void => {
    const order = permutation(ROWS, randomStream(seed));
    for (let first = 0; first < ROWS; first += BATCH) {
      for (let i = 0; i < BATCH; i++) {
        const from = order[first + i]! * PIXELS;
        batch.set(pixels.subarray(from, from + PIXELS), i * PIXELS);
      }
      for (const call of step) call();
    }
  };
  let epoch = 0;
  const [fit, hand] = await interleave([oneEpoch(classifierOn(device)), () => byHand(epoch++)], {
    rounds,
    sampleMs: 50,
    warmUpMs: WARM_UP_MS,
  });
  await device.close();
  await shadow.close();
  const perStep = (samples: readonly number[]) => spread(samples.map((ms) => (ms * 1000) / STEPS));
  const [whole, kernels] = [perStep(fit!), perStep(hand!)];
  return {
    calls: calls.length / STEPS,
    fit: whole,
    byHand: kernels,
    share: spread(fit!.map((time, round) => (100 * (time - hand![round]!)) / time)),
    shareAtBest: (100 * (whole.least - kernels.least)) / whole.least,
  };
}

/** What the last step of an epoch did. */
function lastOf<T>(calls: readonly T[]): readonly T[] {
  return calls.slice(-calls.length / STEPS);
}

function classifierOn(device: Parameters<typeof buildModel>[0]): CompiledModel {
  const layers = sequential([
    dense(128, { activation: "relu", inputShape: [PIXELS] }),
    dense(10, { activation: "softmax" }),
  ]);
  return compile(buildModel(device, layers), {
    // So small a rate that neither side leaves ordinary numbers: a converged model has subnormal gradients, which are slow.
    optimizer: (parameters) => adam(parameters, { learningRate: 1e-6 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
}
