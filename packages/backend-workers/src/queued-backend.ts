import type { KernelModule } from "@surprisal/backend-cpu/kernels";
import type { Backend, HostArray, Kernels, Kind } from "@surprisal/core";
import { controlOn, PROGRESS, workerLine } from "./control.ts";
import type { CoordinatorSetup } from "./coordinate.ts";
import type { TestingOptions } from "./pool-backend.ts";
import type { Answer, Numbered, QueuedCall } from "./queue-protocol.ts";
import type { StartThread, Thread } from "./threads.ts";
import { waitUntil } from "./wait-until.ts";

export interface QueuedBackendOptions extends KernelModule {
  readonly threads: number;
  readonly start: StartThread;
  readonly workerUrl: string | undefined;
  readonly onError: (error: Error) => void;
  /** Ends opening. */
  readonly signal?: AbortSignal | undefined;
  readonly testing: TestingOptions;
}

/** A handle of a page: the coordinator knows what its number stands for. */
export interface QueuedHandle {
  readonly number: number;
  readonly kind: Kind;
  readonly length: number;
  freed: boolean;
}

/** A coordinator with which nothing goes on for so long, though calls wait, is taken for dead. */
const PATIENCE_MS = 3000;
const LOOK_EVERY_MS = 500;

/** So long the coordinator may take to open. It gives up its workers before that. */
const OPEN_MS = 15_000;

interface Reading {
  resolve(value: HostArray): void;
  reject(error: Error): void;
}

/** The backend on a page, whose thread may not wait: calls are queued, and a coordinator makes them in order. */
export async function openQueuedBackend(options: QueuedBackendOptions): Promise<Backend<QueuedHandle>> {
  const { threads, start, workerUrl, module, variant, onError, signal } = options;
  const { faults, patienceMs } = options.testing;
  const testing = { ...(faults ? { faults } : {}), ...(patienceMs ? { patienceMs } : {}) };
  const setup: CoordinatorSetup = { threads, module, variant, workerUrl, testing };
  const line = new Coordinator(onError);
  const opened = await line.open((events) => start(setup, "surprisal-coordinator", events), signal);
  const { facts, memory, limitBytes, control } = opened;
  watch(line, control, threads);
  return {
    facts,
    kernels: kernelsOf(opened.kernels, line),
    alloc(kind, length) {
      line.live("alloc");
      if (!Number.isInteger(length) || length < 0 || length > facts.maxLength) {
        throw new RangeError(`workers: alloc: the length is ${length}, not an integer from 0 to ${facts.maxLength}`);
      }
      const number = line.number();
      line.push({ call: "alloc", handle: number, kind, length });
      return { number, kind, length, freed: false };
    },
    free(handle) {
      line.live("free");
      numberOf(handle, "free");
      handle.freed = true;
      line.push({ call: "free", handle: handle.number });
    },
    write(handle, data) {
      line.live("write");
      const number = numberOf(handle, "write");
      if (data.length !== handle.length) {
        throw new RangeError(`workers: write: the data has ${data.length} elements, the handle ${handle.length}`);
      }
      const copy = handle.kind === "i32" ? Int32Array.from(data) : Float32Array.from(data);
      line.push({ call: "write", handle: number, data: copy }, copy.buffer);
    },
    async read(handle) {
      line.live("read");
      return line.read(numberOf(handle, "read"));
    },
    memory() {
      line.live("memory");
      return { reservedBytes: memory.buffer.byteLength, limitBytes };
    },
    async close() {
      line.live("close");
      await line.close();
    },
  };
}

function kernelsOf(names: readonly string[], line: Coordinator): Kernels<QueuedHandle> {
  type Named = Readonly<Record<string, QueuedHandle | undefined>>;
  const kernels = names.map((kernel) => {
    const numbers = (handles: Named): Numbered =>
      Object.fromEntries(
        Object.entries(handles).map(([name, handle]) => [name, handle && numberOf(handle, `${kernel}: ${name}`)]),
      );
    const run = (outputs: Named, inputs: Named, params: object): void => {
      line.live(kernel);
      line.push({ call: "kernel", kernel, outputs: numbers(outputs), inputs: numbers(inputs), params: { ...params } });
    };
    return [kernel, run];
  });
  return Object.fromEntries(kernels) as unknown as Kernels<QueuedHandle>;
}

function numberOf(handle: QueuedHandle, use: string): number {
  if (handle.freed) throw new Error(`workers: ${use}: the handle was freed before`);
  return handle.number;
}

/** The line to the coordinator. Calls of one turn of the event loop go in one message. */
class Coordinator {
  /** How many answers have come. */
  answers = 0;
  readonly #onError: (error: Error) => void;
  #thread: Thread | undefined;
  #calls: QueuedCall[] = [];
  #transfer: ArrayBuffer[] = [];
  #numbers = 0;
  #readings = new Map<number, Reading>();
  #lost: Error | undefined;
  #isOpen = false;
  #isClosed = false;
  #hasEnded = false;
  #settle: ((answer: Answer) => void) | undefined;

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  /** Starts the coordinator and waits until it is open; rejects if it cannot, or with the reason of `signal`. */
  async open(
    start: (events: Parameters<StartThread>[2]) => Thread,
    signal: AbortSignal | undefined,
  ): Promise<Answer & { answer: "open" }> {
    let answer: Answer | undefined;
    this.#settle = (given) => {
      answer = given;
    };
    const onEnd = ({ reason }: { reason: string }): void => this.lose(reason);
    const thread = start({ onEnd, onMessage: (message) => this.#hear(message as Answer) });
    this.#thread = thread;
    try {
      const late = `the coordinator of the workers did not open within ${OPEN_MS} ms`;
      await waitUntil(() => answer !== undefined, { signal, deadlineMs: OPEN_MS, late });
      if (answer!.answer !== "open") throw new Error((answer as Answer & { answer: "refused" }).reason);
    } catch (error) {
      this.#hasEnded = true;
      await thread.terminate();
      throw error;
    }
    this.#isOpen = true;
    return answer as Answer & { answer: "open" };
  }

  live(use: string): void {
    if (this.#isClosed) throw new Error(`workers: ${use}: the backend is closed; open another`);
    if (this.#lost) throw new Error(`workers: ${use}: ${this.#lost.message}`);
  }

  /** Whether anything waits for an answer. */
  get isBusy(): boolean {
    return this.#readings.size > 0 || this.#isClosed;
  }

  /** Whether nothing can be answered any more. */
  get isOver(): boolean {
    return this.#lost !== undefined || this.#hasEnded;
  }

  number(): number {
    return this.#numbers++;
  }

  push(call: QueuedCall, transfer?: ArrayBuffer): void {
    if (this.#calls.length === 0) queueMicrotask(() => this.#send());
    this.#calls.push(call);
    if (transfer) this.#transfer.push(transfer);
  }

  read(handle: number): Promise<HostArray> {
    const id = this.number();
    this.push({ call: "read", handle, id });
    return new Promise((resolve, reject) => this.#readings.set(id, { resolve, reject }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const answered = new Promise<Answer>((resolve) => {
      this.#settle = resolve;
    });
    this.push({ call: "close" });
    const answer = await answered;
    this.#hasEnded = true;
    await this.#thread!.terminate();
    if (answer.answer === "closed" && answer.unreported !== undefined) throw new Error(answer.unreported);
    if (answer.answer === "refused") throw new Error(answer.reason);
  }

  /** The coordinator has ended or fallen silent: nothing can be computed any more. */
  lose(reason: string): void {
    if (this.#lost || this.#hasEnded) return;
    this.#lost = new Error(`the device is lost: the coordinator of the workers ended: ${reason}`);
    this.#settle?.({ answer: "refused", reason: this.#isOpen ? this.#lost.message : reason });
    for (const { reject } of this.#readings.values()) reject(this.#lost);
    this.#readings.clear();
    this.#thread?.terminate().catch(() => {});
    if (this.#isOpen && !this.#isClosed) this.#onError(this.#lost);
  }

  #send(): void {
    const [calls, transfer] = [this.#calls, this.#transfer];
    [this.#calls, this.#transfer] = [[], []];
    this.#thread!.post(calls, transfer);
  }

  #hear(answer: Answer): void {
    this.answers++;
    if (answer.answer === "failed") this.#onError(new Error(answer.reason));
    else if (answer.answer === "read") this.#reading(answer.id)?.resolve(answer.value);
    else if (answer.answer === "rejected") this.#reading(answer.id)?.reject(new Error(answer.reason));
    else this.#settle?.(answer);
  }

  #reading(id: number): Reading | undefined {
    const reading = this.#readings.get(id);
    this.#readings.delete(id);
    return reading;
  }
}

/** Looks now and then whether a coordinator for which calls wait still computes, until it has ended. */
function watch(line: Coordinator, control: SharedArrayBuffer, threads: number): void {
  const { words } = controlOn(control);
  let before = -1;
  let since = performance.now();
  let last = since;
  const timer = setInterval(() => {
    if (line.isOver) {
      clearInterval(timer);
      return;
    }
    const now = performance.now();
    let progress = line.answers;
    for (let worker = 0; worker < threads; worker++) progress += words[workerLine(worker) + PROGRESS]!;
    // A page that was itself held up says nothing about the coordinator.
    if (!line.isBusy || progress !== before || now - last > 2 * LOOK_EVERY_MS) since = now;
    before = progress;
    last = now;
    if (now - since > PATIENCE_MS) line.lose(`it gave no answer for ${PATIENCE_MS} ms`);
  }, LOOK_EVERY_MS);
  (timer as { unref?: () => void }).unref?.();
}
