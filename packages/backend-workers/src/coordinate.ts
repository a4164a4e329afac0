import type { KernelModule, TensorHandle } from "@surprisal/backend-cpu/kernels";
import type { Backend, Kernels } from "@surprisal/core";
import type { World } from "./begin.ts";
import { computingWorkerSource } from "./computing-worker.generated.ts";
import { overwritesOperand } from "./overwrites-operand.ts";
import { openPoolBackend, type TestingOptions } from "./pool-backend.ts";
import type { Answer, Numbered, QueuedCall } from "./queue-protocol.ts";
import { reasonOf } from "./reason-of.ts";
import { threads as threadsFrom } from "./threads.ts";

/** What a coordinator is given when it starts. */
export interface CoordinatorSetup extends KernelModule {
  readonly threads: number;
  readonly workerUrl: string | undefined;
  readonly testing: Omit<TestingOptions, "chunking" | "onDeath">;
}

/** A failure, and whether a read has told it. */
interface Failure {
  readonly reason: string;
  reported: boolean;
}

/** What a number stands for: memory, unless there was none, and what went wrong with its value. */
interface Cell {
  readonly handle: TensorHandle | undefined;
  failure: Failure | undefined;
}

type Run = (outputs: object, inputs: object, params: object) => void;

/**
 * A worker that makes a page's calls one after the other, since the page itself may not wait. It has workers of its own, and
 * computes with them.
 */
export async function coordinate({ setup, port }: World<CoordinatorSetup>): Promise<void> {
  const answer = (message: Answer, transfer?: readonly ArrayBuffer[]): void => port.post(message, transfer);
  try {
    const { variant, module, threads, workerUrl, testing } = setup;
    const start = threadsFrom(workerUrl === undefined ? computingWorkerSource : new URL(workerUrl));
    const onError = ({ message }: Error): void => answer({ answer: "failed", reason: message });
    const { backend, memory, control } = await openPoolBackend({ variant, module, threads, start, onError, testing });
    const { facts } = backend;
    const { limitBytes } = backend.memory!();
    const makes = queueOn(backend, answer);
    port.listen((calls) => {
      for (const call of calls as readonly QueuedCall[]) makes(call);
    });
    answer({ answer: "open", facts, kernels: Object.keys(backend.kernels), memory, limitBytes, control });
  } catch (error) {
    answer({ answer: "refused", reason: reasonOf(error) });
  }
}

/** The calls of a queue on a backend that computes at the call: a failure poisons what depends on it. */
function queueOn(
  backend: Backend<TensorHandle>,
  answer: (message: Answer, transfer?: readonly ArrayBuffer[]) => void,
): (call: QueuedCall) => void {
  const cells = new Map<number, Cell>();
  const failures: Failure[] = [];
  const fail = (error: unknown): Failure => {
    const failure = { reason: reasonOf(error), reported: false };
    failures.push(failure);
    answer({ answer: "failed", reason: failure.reason });
    return failure;
  };
  const cellsOf = (numbers: Numbered): Cell[] =>
    Object.values(numbers).flatMap((number) => (number === undefined ? [] : [cells.get(number)!]));
  const handlesOf = (numbers: Numbered): Record<string, TensorHandle | undefined> =>
    Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, cells.get(number!)?.handle]));
  const reject = (id: number, failure: Failure): void => {
    failure.reported = true;
    answer({ answer: "rejected", id, reason: failure.reason });
  };

  const alloc = ({ handle, kind, length }: QueuedCall & { call: "alloc" }): void => {
    try {
      cells.set(handle, { handle: backend.alloc(kind, length), failure: undefined });
    } catch (error) {
      cells.set(handle, { handle: undefined, failure: fail(error) });
    }
  };
  const run = ({ kernel, outputs, inputs, params }: QueuedCall & { call: "kernel" }): void => {
    const results = cellsOf(outputs);
    const reads = overwritesOperand(kernel, outputs, inputs, params)
      ? [...cellsOf(inputs), ...results]
      : cellsOf(inputs);
    let failure = reads.find((cell) => cell.failure)?.failure ?? results.find(({ handle }) => !handle)?.failure;
    try {
      if (!failure) (backend.kernels[kernel as keyof Kernels] as Run)(handlesOf(outputs), handlesOf(inputs), params);
    } catch (error) {
      failure = fail(error);
    }
    for (const cell of results) if (cell.handle) cell.failure = failure;
  };
  const write = ({ handle, data }: QueuedCall & { call: "write" }): void => {
    const cell = cells.get(handle)!;
    if (cell.handle === undefined) return;
    try {
      backend.write(cell.handle, data);
      cell.failure = undefined;
    } catch (error) {
      cell.failure = fail(error);
    }
  };
  const read = async ({ handle, id }: QueuedCall & { call: "read" }): Promise<void> => {
    const cell = cells.get(handle)!;
    if (cell.failure) {
      reject(id, cell.failure);
      return;
    }
    try {
      const value = (await backend.read(cell.handle!)) as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
      answer({ answer: "read", id, value }, [value.buffer]);
    } catch (error) {
      reject(id, fail(error));
    }
  };
  const free = ({ handle }: QueuedCall & { call: "free" }): void => {
    const cell = cells.get(handle)!;
    cells.delete(handle);
    try {
      if (cell.handle) backend.free(cell.handle);
    } catch (error) {
      fail(error);
    }
  };
  const close = async (): Promise<void> => {
    await backend.close().catch(fail);
    answer({ answer: "closed", unreported: failures.find(({ reported }) => !reported)?.reason });
  };

  return (call) => {
    if (call.call === "kernel") run(call);
    else if (call.call === "alloc") alloc(call);
    else if (call.call === "free") free(call);
    else if (call.call === "write") write(call);
    else if (call.call === "read") read(call);
    else close();
  };
}
