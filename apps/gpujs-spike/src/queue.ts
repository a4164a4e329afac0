import { type Cell, makeCell, replaceValue } from "./cell.ts";
import { type DeviceArray, gpuJs, type KernelArgument, type Mode } from "./gpu-js.ts";
import type { Programs } from "./programs.ts";

/** One gpu.js kernel: `output` = source(inputs, numbers). Numbers are arguments, never part of the source. */
export interface Launch {
  readonly output: Cell;
  readonly source: string;
  readonly inputs: readonly Cell[];
  readonly numbers?: readonly number[];
}

/** One call of the contract: what it writes, what it reads, and the launches that compute it, in order. */
interface Call {
  readonly outputs: readonly Cell[];
  readonly inputs: readonly Cell[];
  readonly launches: readonly Launch[];
  /** Cells of the call's own, deleted behind it. */
  readonly temporaries?: readonly Cell[];
}

export interface Queue {
  call(call: Call): void;
  write(cell: Cell, data: Float32Array): void;
  free(cell: Cell): void;
  read(cell: Cell): Promise<Float32Array>;
  /** Resolves when all that was enqueued has been submitted. */
  settled(): Promise<void>;
  /** From now on everything fails with `cause`. */
  lose(cause: Error): void;
  /** The first failure that no read has reported. */
  unreported(): Error | undefined;
}

const identity = "function (x) { return x[this.thread.x]; }";
// A kernel keeps the kind of its arguments, so what uploads host numbers is a kernel of its own.
const upload = "function (host) { return host[this.thread.x]; }";
const zero = "function () { return 0; }";

export function makeQueue(programs: Programs, mode: Mode, onError: (error: Error) => void, check: () => void): Queue {
  const jobs: (() => void | Promise<void>)[] = [];
  const failures = new Set<Error>();
  let running: Promise<void> | undefined;
  let lost: Error | undefined;

  // Every job waits for the one before: gpu.js' WebGPU kernels hand their result over in a promise.
  async function drain(): Promise<void> {
    for (let job = jobs.shift(); job; job = jobs.shift()) await job();
    running = undefined;
  }
  function enqueue(job: () => void | Promise<void>): void {
    jobs.push(job);
    running ??= Promise.resolve().then(drain);
  }

  function fail(outputs: readonly Cell[], cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    failures.add(error);
    for (const output of outputs) output.poison = error;
    onError(error);
  }

  async function arrayOf(cell: Cell): Promise<DeviceArray> {
    if (!cell.value) cell.value = (await programs.resident(zero, cell.length)()) as DeviceArray;
    return cell.value;
  }

  async function launch({ output, source, inputs, numbers = [] }: Launch): Promise<void> {
    if (output.length === 0) return;
    const values: KernelArgument[] = [];
    for (const cell of inputs) values.push(await arrayOf(cell));
    replaceValue(output, (await programs.resident(source, output.length)(...values, ...numbers)) as DeviceArray);
  }

  async function run({ outputs, inputs, launches, temporaries = [] }: Call): Promise<void> {
    const cause = lost ?? inputs.find((cell) => cell.poison)?.poison;
    if (cause) {
      for (const output of outputs) output.poison = cause;
      return;
    }
    try {
      for (const one of launches) await launch(one);
      for (const output of outputs) output.poison = undefined;
    } catch (error) {
      fail(outputs, error);
    }
    for (const cell of temporaries) replaceValue(cell, undefined);
  }

  return {
    call: (call) => enqueue(() => run(call)),
    write: (cell, data) =>
      enqueue(async () => {
        if (cell.length === 0) return;
        try {
          if (lost) throw lost;
          const values = gpuJs.input(data, [cell.length]);
          replaceValue(cell, (await programs.resident(upload, cell.length)(values)) as DeviceArray);
          cell.poison = undefined;
        } catch (error) {
          fail([cell], error);
        }
      }),
    free: (cell) => enqueue(() => replaceValue(cell, undefined)),
    read: (cell) =>
      new Promise((resolve, reject) => {
        // The copy is submitted at this place of the queue; only its arrival is waited for elsewhere.
        enqueue(async () => {
          try {
            const cause = lost ?? cell.poison;
            if (cause) throw cause;
            if (cell.length === 0) return resolve(new Float32Array(0));
            const arrival =
              mode === "webgl2"
                ? (programs.readback(identity, cell.length)(await arrayOf(cell)) as Promise<Float32Array>)
                : ((await arrayOf(cell)).toArray() as Promise<Float32Array>);
            void arrival
              .then((values) => {
                check();
                resolve(new Float32Array(values));
              })
              .catch(reject);
          } catch (error) {
            failures.delete(error as Error);
            reject(error);
          }
        });
      }),
    settled: () => running ?? Promise.resolve(),
    lose: (cause) => {
      lost ??= cause;
      fail([], cause);
    },
    unreported: () => failures.values().next().value,
  };
}

/** A temporary of a call. */
export const temporary = (length: number): Cell => makeCell("float", length);
