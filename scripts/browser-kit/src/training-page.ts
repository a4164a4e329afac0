import { openDevice } from "@surprisal/core";
import { buildModel, compile, dense, sequential } from "@surprisal/nn";
import { subjects } from "./subjects.ts";

/** What a page that trained was like meanwhile; it stands in `globalThis.outcome` as a promise. */
export interface TrainingOutcome {
  readonly steps: number;
  /** Milliseconds from each animation frame to the next. */
  readonly frames: readonly number[];
  /** How many milliseconds late each tick of a timer of 5 ms was. */
  readonly late: readonly number[];
}

const ROWS = 1280;
const BATCH = 128;
const MILLISECONDS = 2000;

/** Trains 784-128-10 for two seconds while the page draws. */
async function train(): Promise<TrainingOutcome> {
  const backend = new URLSearchParams(location.search).get("subject") as keyof typeof subjects;
  const device = await openDevice([subjects[backend].create()]);
  const layers = sequential([
    dense(128, { activation: "relu", inputShape: [784] }),
    dense(10, { activation: "softmax" }),
  ]);
  const classifier = compile(buildModel(device, layers), {
    optimizer: "adam",
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  const x = { data: Float32Array.from({ length: ROWS * 784 }, (_, i) => (i % 251) / 251), shape: [ROWS, 784] };
  const y = Uint8Array.from({ length: ROWS }, (_, i) => i % 10);
  const watched = watch();
  let steps = 0;
  const stop = new AbortController();
  setTimeout(() => stop.abort(), MILLISECONDS);
  const onBatchEnd = (): void => {
    steps++;
  };
  const fitting = classifier.fit(x, y, {
    epochs: 1e6,
    batchSize: BATCH,
    callbacks: [{ onBatchEnd }],
    signal: stop.signal,
  });
  await fitting.catch((error) => {
    if (error !== stop.signal.reason) throw error;
  });
  await device.close();
  return { steps, ...watched };
}

/** Notes when frames and timers come from here on. */
function watch(): Pick<TrainingOutcome, "frames" | "late"> {
  const frames: number[] = [];
  const late: number[] = [];
  let before = performance.now();
  const draw = (now: number): void => {
    frames.push(now - before);
    before = now;
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
  let due = performance.now() + 5;
  setInterval(() => {
    late.push(performance.now() - due);
    due = performance.now() + 5;
  }, 5);
  return { frames, late };
}

Object.assign(globalThis, { outcome: train() });
