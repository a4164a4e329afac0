import type { Device } from "@surprisal/core";
import type { Model } from "../model/build-model.ts";
import { RANDOM } from "../model/forward.ts";
import { permutation, randomStream } from "../random/random-stream.ts";
import { batchesOf } from "./batches.ts";
import { type AllCallbacks, allOf, type Training } from "./callback.ts";
import { type DataSet, dataSet, lastRows, splitAt } from "./data-set.ts";
import { evaluated } from "./evaluate.ts";
import { type Examples, inOrder } from "./examples.ts";
import type { FitOptions } from "./fit-options.ts";
import { rowWeights } from "./sample-weights.ts";
import { type Logs, scores } from "./scores.ts";
import { namesOf, type Task } from "./task.ts";
import { type StepRule, trainStep } from "./train-step.ts";

/** What training was like: a number for each epoch, under each name. */
export interface History {
  /** The epochs' numbers, from 0. */
  readonly epoch: readonly number[];
  /** `loss`, metrics, and `val_…` of each: means over all rows of the epoch, by their weights. */
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/** How many epochs a compiled model has begun. Each has an order of its own, also in a second `fit`. */
export interface Past {
  epochs: number;
}

/** Trains a model on rows of examples. Its options were checked. */
export async function fit<X>(
  task: Task<X>,
  rule: StepRule,
  past: Past,
  x: Examples,
  y: Examples,
  options: FitOptions,
): Promise<History> {
  const { epochs = 1, initialEpoch = 0, batchSize = 32, callbacks = [], signal } = options;
  const { model } = task;
  signal?.throwIfAborted();
  const { train, validation, rows, order } = parts(model, x, y, options);
  const { optimizer } = rule;
  const batches = Math.ceil(rows / batchSize);
  const { parameters } = model;
  const training: Training = { parameters, optimizer, schedule: rule.schedule, epochs, batches, stopTraining: false };
  const told = allOf(callbacks);
  const run = { task, rule, seed: options.seed ?? model.seed, told, training, signal };
  const history = { epoch: [] as number[], history: {} as Record<string, number[]> };
  try {
    await told.onTrainBegin(training);
    for (let epoch = initialEpoch; epoch < epochs && !training.stopTraining; epoch++) {
      await told.onEpochBegin(epoch, training);
      const round = Math.max(epoch, past.epochs);
      past.epochs = round + 1;
      const { stopTraining } = training;
      const logs = await recoverable(model.device, async () => {
        training.stopTraining = stopTraining;
        const logs = await trainEpoch(run, train, batchesOf(order(round), batchSize));
        if (validation !== undefined) {
          const scored = await evaluated(task, validation, batchSize, signal);
          for (const [name, value] of Object.entries(scored)) logs[`val_${name}`] = value;
        }
        return logs;
      });
      history.epoch.push(epoch);
      for (const [name, value] of Object.entries(logs)) {
        history.history[name] ??= [];
        history.history[name].push(value);
      }
      await told.onEpochEnd(epoch, logs, training);
    }
  } catch (error) {
    await told.onTrainEnd(training).catch(() => {}); // what came first is what went wrong
    throw error;
  }
  await told.onTrainEnd(training);
  return history;
}

/** An epoch begins anew where the device is lost under it and can be replaced. */
function recoverable<R>(device: Device, epoch: () => Promise<R>): Promise<R> {
  return device.recovers ? device.recovering(epoch) : epoch();
}

/** What stays the same from epoch to epoch. */
interface Run<X> {
  readonly task: Task<X>;
  readonly rule: StepRule;
  readonly seed: number;
  readonly told: AllCallbacks;
  readonly training: Training;
  readonly signal: AbortSignal | undefined;
}

async function trainEpoch<X>(run: Run<X>, data: DataSet, batches: Iterable<Uint32Array>): Promise<Logs> {
  const { task, rule, seed, told, training, signal } = run;
  const means = scores(namesOf(task));
  let batch = 0;
  const tell = async (left: number): Promise<void> => {
    while (await means.next(left)) await told.onBatchEnd(batch++, means.logs(), training);
  };
  for (const positions of batches) {
    trainStep(task, rule, { data, positions }, seed, means.add);
    await task.model.device.tick();
    signal?.throwIfAborted();
    await tell(2);
    if (training.stopTraining) break;
  }
  await tell(0);
  signal?.throwIfAborted();
  return means.logs();
}

interface Parts {
  readonly train: DataSet;
  readonly validation: DataSet | undefined;
  /** How many rows are trained with. */
  readonly rows: number;
  /** The rows of an epoch, in its order. */
  readonly order: (epoch: number) => Uint32Array;
}

/** The data to train with and to validate on, checked. */
function parts<X>(model: Model<X>, x: Examples, y: Examples, options: FitOptions): Parts {
  const { validationSplit, shuffle = true, seed = model.seed } = options;
  const all = dataSet("fit", model, x, y, options);
  const count = validationSplit === undefined ? all.x.count : splitAt("fit", all.x.count, validationSplit);
  const rows = weightyRows(all, count);
  const shuffled = (epoch: number): Uint32Array =>
    permutation(rows.length, randomStream(seed, RANDOM.shuffle, epoch)).map((i) => rows[i]!);
  return {
    train: all,
    validation: validationSet(model, all, count, options),
    rows: rows.length,
    order: (epoch) => (shuffle ? shuffled(epoch) : rows),
  };
}

/** Those of the first `count` rows that weigh anything: the others' inputs may be NaN, which 0 times it would spread. */
function weightyRows({ weights }: DataSet, count: number): Uint32Array {
  const rows = inOrder(count);
  return weights === undefined ? rows : rows.filter((row) => weights[row] !== 0);
}

/** The data given for validation, or the rows from `from` on, which their classes do not weigh (Keras). */
function validationSet<X>(
  model: Model<X>,
  all: DataSet,
  from: number,
  { validationData, sampleWeight }: FitOptions,
): DataSet | undefined {
  if (validationData !== undefined) {
    const [x, y, weights] = validationData;
    return dataSet("fit: validationData", model, x, y, { sampleWeight: weights });
  }
  if (from === all.x.count) return undefined;
  return lastRows({ ...all, weights: rowWeights("fit", all.y, { sampleWeight }, model.device.facts.floatBytes) }, from);
}
