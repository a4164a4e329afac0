import type { Accelerator } from "./accelerator.ts";
import type { Call, Launch } from "./call.ts";
import { type Cell, type Failure, makeCell } from "./cell.ts";
import { nextTurn } from "./event-loop.ts";
import { DeviceLostError, errorOf } from "./faults.ts";
import type { DeviceArray } from "./gpu-js.ts";
import { checkMarks, type Marks, marked } from "./marks.ts";
import type { Programs, Reading } from "./programs.ts";

/** Runs calls one after the other. */
export interface Queue {
  call(call: Call): void;
  write(cell: Cell, data: Float32Array): void;
  free(cell: Cell): void;
  read(cell: Cell): Promise<Float32Array>;
  /** From now on everything fails. */
  lose(reason: string): void;
  /** Deletes everything. Rejects with the first failure that no read has told. */
  close(): Promise<void>;
}

type Job = () => void | Promise<void>;

/** How long the queue may hold the event loop, in milliseconds. */
const TURN_MS = 8;

const zeroSource = "function () { return 0; }";
const guardSource = "function () { return 1; }";

/** The value and, behind it, a number that only this read knows: a driver that answers zeros, or an old answer, shows. */
const readSource = `function (x, guard, length, token) {
  if (this.thread.x < length) return x[this.thread.x];
  return guard[0] * token;
}`;

export function makeQueue(programs: Programs, accelerator: Accelerator, onError: (error: Error) => void): Queue {
  const jobs: Job[] = [];
  const failures: Failure[] = [];
  const cells = new Set<Cell>();
  const readings = new Map<(failure: Failure) => void, Promise<void>>();
  const guard = makeCell("float", 1);
  let running: Promise<void> | undefined;
  let interrupt: (() => void) | undefined;
  let lost: Failure | undefined;
  let token = 0;

  // Every job waits for the one before: gpu.js' WebGPU kernels hand their result over in a promise.
  async function drain(): Promise<void> {
    let since = performance.now();
    for (let i = 0; i < jobs.length; i++) {
      const waiting = jobs[i]!();
      if (waiting) await orLost(waiting);
      if (performance.now() - since < TURN_MS) continue;
      jobs.splice(0, i + 1);
      i = -1;
      await nextTurn();
      since = performance.now();
    }
    jobs.length = 0;
    running = undefined;
  }

  /** Waits for a job, but no longer than there is a device: a lost one may never answer. */
  function orLost(waiting: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      interrupt = resolve;
      void waiting.then(resolve);
      if (lost) resolve();
    });
  }

  function enqueue(job: Job): void {
    jobs.push(job);
    running ??= Promise.resolve().then(drain);
  }

  function fail(cause: unknown): Failure {
    const failure = { error: errorOf(cause), reported: false };
    failures.push(failure);
    onError(failure.error);
    return failure;
  }

  function lose(reason: string): void {
    if (lost) return;
    lost = fail(new DeviceLostError(reason));
    for (const reject of readings.keys()) reject(lost);
    readings.clear();
    for (const cell of cells) put(cell, undefined);
    put(guard, undefined);
    interrupt?.();
  }

  /** Puts `value` into the cell and deletes what it held. */
  function put(cell: Cell, value: DeviceArray | undefined): void {
    const before = cell.value;
    cell.value = value;
    if (value) cells.add(cell);
    else cells.delete(cell);
    if (before) accelerator.delete(before);
  }

  /** Puts what a kernel gave into the cell, unless the device was lost meanwhile. */
  function store(cell: Cell, value: DeviceArray): void {
    if (lost) accelerator.delete(value);
    else put(cell, value);
  }

  /** What a launch reads; a cell that was never written reads as zeros. */
  async function arraysOf(cells: readonly Cell[]): Promise<DeviceArray[]> {
    const arrays: DeviceArray[] = [];
    for (const cell of cells) {
      if (!cell.value) store(cell, await programs.run(zeroSource, {}, Math.max(1, cell.length)));
      if (cell.value) arrays.push(cell.value);
    }
    return arrays;
  }

  async function launch({ output, source, inputs, sizes, numbers }: Launch, extra = 0): Promise<void> {
    if (output.length === 0) return;
    const arrays = await arraysOf(inputs);
    if (lost) return;
    store(output, await programs.run(source, { arrays, sizes, numbers }, output.length + extra));
  }

  /** Launches each with its mark, and has the guard look whether those of the results are right. */
  async function launchMarked({ launches, outputs }: Call): Promise<void> {
    if (!guard.value) store(guard, await programs.run(guardSource, {}, 1));
    const marks: Marks = new Map();
    for (const one of launches) if (!lost) await launch(marked(one, marks), 1);
    if (!lost) await launch(checkMarks(guard, outputs, marks));
  }

  async function run(call: Call): Promise<void> {
    const { outputs, inputs, launches, temporaries = [] } = call;
    const cause = lost ?? inputs.find((cell) => cell.failure)?.failure;
    let failure: Failure | undefined = cause;
    try {
      if (!cause && call.marked) await launchMarked(call);
      else if (!cause) for (const one of launches) if (!lost) await launch(one);
    } catch (error) {
      failure = lost ?? fail(error);
    }
    for (const cell of temporaries) put(cell, undefined);
    for (const output of outputs) output.failure = failure;
  }

  /** Resolves when the read is submitted, with what will arrive. */
  async function submitRead(cell: Cell, mine: number): Promise<Pick<Reading, "arrival">> {
    if (!guard.value) store(guard, await programs.run(guardSource, {}, 1));
    const values = { arrays: await arraysOf([cell, guard]), sizes: [cell.length, mine] };
    const { submitted, arrival } = programs.readBack(readSource, values, cell.length + 1);
    arrival.catch(() => {});
    await submitted?.catch(() => {});
    return { arrival };
  }

  async function receive(arrival: Promise<Float32Array>, length: number, mine: number): Promise<Float32Array> {
    const values = await arrival;
    const reason = accelerator.lost();
    if (reason !== undefined) lose(reason);
    else if (values[length] !== mine)
      lose("a read lacks the number behind it: a kernel did not run, or the read is old");
    if (lost) throw lost.error;
    return values.slice(0, length);
  }

  return {
    call: (call) => enqueue(() => run(call)),
    write: (cell, data) =>
      enqueue(async () => {
        if (lost) {
          cell.failure = lost;
          return;
        }
        try {
          if (cell.length > 0) store(cell, await programs.upload(data));
          cell.failure = undefined;
        } catch (error) {
          cell.failure = lost ?? fail(error);
        }
      }),
    free: (cell) => enqueue(() => put(cell, undefined)),
    read: (cell) =>
      new Promise((resolve, reject) => {
        const refuse = (failure: Failure): void => {
          failure.reported = true;
          reject(failure.error);
        };
        enqueue(async () => {
          const cause = lost ?? cell.failure;
          if (cause) return refuse(cause);
          if (cell.length === 0) return resolve(new Float32Array(0));
          token = (token % 65_536) + 1;
          const mine = token;
          const refuseLost = (error: unknown): void => {
            const reason = accelerator.lost();
            if (reason !== undefined) lose(reason);
            refuse(lost ?? { error: errorOf(error), reported: true });
          };
          const submission = submitRead(cell, mine);
          const settled = submission
            .then(({ arrival }) => receive(arrival, cell.length, mine))
            .then(resolve, refuseLost)
            .finally(() => readings.delete(refuse));
          readings.set(refuse, settled);
          // Only its place is the queue's affair; its arrival is waited for elsewhere.
          await submission.catch(() => {});
        });
      }),
    lose,
    async close() {
      while (running) await running;
      if (!lost) await Promise.all(readings.values());
      for (const cell of [...cells]) put(cell, undefined);
      const untold = failures.find((failure) => !failure.reported);
      if (untold) throw untold.error;
    },
  };
}
