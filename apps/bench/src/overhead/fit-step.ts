import { openDevice } from "@surprisal/core";
import { adam, buildModel, type CompiledModel, compile, dense, sequential } from "@surprisal/nn";
import { interleave } from "../interleave.ts";
import { provider, type Variant } from "../subject.ts";
import { recorder } from "./recorder.ts";

const ROWS = 1280;
const BATCH = 128;
const STEPS = ROWS / BATCH;

/** Steps of `fit`, and the kernel calls and uploads that they make, each alone: microseconds a step, round by round. */
export interface FitSteps {
  readonly calls: number;
  readonly fit: readonly number[];
  readonly kernels: readonly number[];
}

/**
 * 784-128-10 with Adam and accuracy, 1280 rows in batches of 128: what `fit` costs in all (gathering rows, uploading them, recording,
 * differentiating, reading loss and accuracy, giving way to timers) and what its kernels and uploads cost on ready handles.
 */
export async function fitSteps(variant: Variant, rounds: number): Promise<FitSteps> {
  const device = await openDevice([provider(variant)]);
  const { provider: recorded, calls, uploads } = recorder(provider(variant));
  const shadow = await openDevice([recorded]);
  const x = { data: Float32Array.from({ length: ROWS * 784 }, (_, i) => ((i * 7) % 255) / 255), shape: [ROWS, 784] };
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
  // One step on the same handles again and again, as a loop written by hand would have it.
  const step = [...lastOf(uploads), ...lastOf(calls)];
  const [fit, kernels] = await interleave(
    [
      oneEpoch(classifierOn(device)),
      () => {
        for (let i = 0; i < STEPS; i++) for (const call of step) call();
      },
    ],
    { rounds, sampleMs: 50 },
  );
  await device.close();
  await shadow.close();
  const perStep = (samples: readonly number[]) => samples.map((ms) => (ms * 1000) / STEPS);
  return { calls: calls.length / STEPS, fit: perStep(fit!), kernels: perStep(kernels!) };
}

/** What the last step of an epoch did. */
function lastOf<T>(calls: readonly T[]): readonly T[] {
  return calls.slice(-calls.length / STEPS);
}

function classifierOn(device: Parameters<typeof buildModel>[0]): CompiledModel {
  const layers = sequential([
    dense(128, { activation: "relu", inputShape: [784] }),
    dense(10, { activation: "softmax" }),
  ]);
  return compile(buildModel(device, layers), {
    optimizer: (parameters) => adam(parameters),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
}
