import {
  type Block,
  LOCAL_SCRATCH_BYTES,
  link,
  type Phase,
  type TensorMemory,
  UNIT_BYTES,
  type WasmFunctions,
} from "@surprisal/backend-cpu/kernels";
import type { Chunking } from "./chunks.ts";
import {
  ASLEEP,
  BEATS,
  CALLER_ASLEEP,
  CLAIM,
  CONTROL_BYTES,
  type Control,
  controlOn,
  DEAD,
  DONE,
  JOB_ARGS,
  JOB_BLOCKS,
  JOB_CHUNK,
  JOB_FUNCTION,
  jobAfter,
  NO_JOB,
  PROGRESS,
  READY,
  SLEEPING,
  STARTING,
  STATE,
  TICKET,
  ticketOf,
  workerLine,
} from "./control.ts";
import { takesPart } from "./take-part.ts";
import type { Ending, StartThread, Thread } from "./threads.ts";
import type { FaultPlan, WorkerSetup } from "./worker-setup.ts";

/** So many looks at a chunk, some 25 µs, before the caller sleeps until it is done. */
const LOOKS = 2000;

/** A worker that is awake sees one of so many jobs. */
const JOBS_TO_SEE = 100;

/** A worker that dies so often in a row, with no chunk done in between, is not started again. */
const MOST_FRUITLESS_DEATHS = 5;

export interface PoolOptions {
  readonly threads: number;
  readonly module: WebAssembly.Module;
  readonly tensors: TensorMemory;
  readonly start: StartThread;
  readonly faults?: FaultPlan | undefined;
  readonly patienceMs: number;
  /** So many grains of work are worth waking workers for. */
  readonly wakeFrom: number;
  readonly chunking: Chunking;
  /** Called when a worker has died or is taken for dead. */
  readonly onDeath?: ((reason: string) => void) | undefined;
  /** Called once, when no worker stays alive. */
  readonly onLost: (error: Error) => void;
}

/** A worker's place in the pool; who holds it changes when one dies. */
interface Seat {
  readonly line: number;
  readonly worker: number;
  local: Block;
  thread: Thread | undefined;
  generation: number;
  fruitless: number;
  /** Its beats when they were last looked at. */
  beats: number;
  /** Told to end, and not known to have ended. */
  readonly leaving: Set<Thread>;
}

/**
 * A phase could not be finished, and a thread may still write what it was to write: the call must be made again, with other
 * memory for its results.
 */
export class AbandonedPhase extends Error {}

/** The caller and its workers, which compute one phase after the other. */
export class Pool {
  readonly threads: number;
  readonly #tensors: TensorMemory;
  readonly #control: Control;
  readonly #wasm: WasmFunctions;
  /** The numbers by which workers know the functions. */
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #chunking: Chunking;
  readonly #line: number;
  readonly #takePart: (ticket: number) => number;
  readonly #seats: Seat[] = [];
  readonly #options: PoolOptions;
  readonly #patience: number;
  /** Memory that a thread which was told to end may still write. */
  readonly #quarantine: Block[] = [];
  #job = NO_JOB;
  /** Grains of work that sleeping workers have missed. */
  #missed = 0;
  /** Jobs since all workers were looked at, and when that was. */
  #jobs = 0;
  #inspected = 0;
  #closed = false;
  #faults: FaultPlan | undefined;
  lost: Error | undefined;
  /** What the threads share besides the tensors. */
  readonly control: SharedArrayBuffer;
  /** The address of the caller's scratch. */
  readonly local: number;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.threads = options.threads;
    this.#tensors = options.tensors;
    this.#patience = options.patienceMs;
    this.#faults = options.faults;
    this.control = new SharedArrayBuffer(CONTROL_BYTES);
    this.#control = controlOn(this.control);
    this.local = this.#tensors.alloc(LOCAL_SCRATCH_BYTES).start * UNIT_BYTES;
    this.#chunking = options.chunking;
    this.#wasm = link(options.module, this.#tensors.memory);
    this.#numbers = new Map(Object.keys(this.#wasm).map((name, number) => [name, number]));
    const functions = Object.values(this.#wasm);
    // The caller has the line behind those of the workers.
    this.#line = workerLine(options.threads - 1);
    this.#takePart = takesPart({ control: this.#control, functions, local: this.local, line: this.#line });
    for (let worker = 0; worker < options.threads - 1; worker++) {
      const seat: Seat = {
        line: workerLine(worker),
        worker,
        local: this.#tensors.alloc(LOCAL_SCRATCH_BYTES),
        thread: undefined,
        generation: 0,
        fruitless: 0,
        beats: 0,
        leaving: new Set(),
      };
      this.#seats.push(seat);
      this.#fill(seat);
    }
  }

  /** Resolves when every worker computes; rejects if one cannot. */
  async ready(deadlineMs: number): Promise<void> {
    const { words } = this.#control;
    const end = performance.now() + deadlineMs;
    while (this.#seats.some(({ line }) => Atomics.load(words, line + STATE) === STARTING)) {
      if (this.lost) throw this.lost;
      if (performance.now() > end) throw new Error(`workers: no worker answered within ${deadlineMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (this.lost) throw this.lost;
  }

  /**
   * Whether to share phases out. Where all workers sleep, waking them must pay: it is put off until so much work has been
   * done without them that the price is small beside it.
   */
  isWorthSharing(phases: readonly Phase[]): boolean {
    let grains = 0;
    for (const phase of phases) {
      if (this.#chunking(phase, this.threads) < phase.blocks) grains += phase.blocks / phase.grain;
    }
    if (grains === 0) return false;
    this.#missed += grains;
    const asleep = Atomics.load(this.#control.words, ASLEEP);
    if (asleep === this.threads - 1 && this.#missed < this.#options.wakeFrom) return false;
    this.#missed = 0;
    return true;
  }

  /**
   * Computes a phase: shared out, or on the calling thread where that is sooner.
   * @throws AbandonedPhase if the whole call must be made again
   */
  run(phase: Phase): void {
    const { run, blocks } = phase;
    if (blocks === 0) return;
    const size = this.#chunking(phase, this.threads);
    if (size >= blocks) this.runAlone(phase);
    else this.#share(this.#numbers.get(run)!, phase, size);
  }

  /** Computes a phase on the calling thread. */
  runAlone({ run, args, blocks }: Phase): void {
    if (blocks === 0) return;
    this.#wasm[run](...args, 0, blocks, this.local);
    this.#control.words[this.#line + PROGRESS]!++;
  }

  #share(fn: number, { run, args, blocks, rewrites }: Phase, size: number): void {
    const { words, args: shared } = this.#control;
    this.#inspect();
    const chunks = Math.ceil(blocks / size);
    this.#job = jobAfter(this.#job);
    words[JOB_FUNCTION] = fn;
    words[JOB_BLOCKS] = blocks;
    words[JOB_CHUNK] = size;
    words[JOB_ARGS] = args.length;
    for (let i = 0; i < args.length; i++) shared[i] = args[i]!;
    for (let chunk = 0; chunk < chunks; chunk++) words[DONE + chunk] = NO_JOB;
    const ticket = ticketOf(this.#job, chunks);
    Atomics.store(words, TICKET, ticket);
    if (Atomics.load(words, ASLEEP) > 0) Atomics.notify(words, TICKET, 1);
    this.#takePart(ticket);
    let abandoned = false;
    let lost: number[] | undefined;
    for (let chunk = 0; chunk < chunks; chunk++) {
      if (words[DONE + chunk] === this.#job || this.#done(chunk)) continue;
      // Its worker has died with it, or is taken for dead.
      const ended = this.#bury(ticketOf(this.#job, chunk + 1));
      if (!ended || rewrites) abandoned = true;
      lost ??= [];
      lost.push(chunk);
    }
    if (lost === undefined) return;
    if (abandoned) throw new AbandonedPhase();
    for (const chunk of lost) this.#wasm[run](...args, chunk * size, Math.min((chunk + 1) * size, blocks), this.local);
  }

  /** Replaces workers that have stopped; and, now and then, such as neither sleep nor see the jobs that there are. */
  #inspect(): void {
    const { words } = this.#control;
    const isTime = ++this.#jobs > JOBS_TO_SEE && performance.now() - this.#inspected > this.#patience;
    for (const seat of this.#seats) {
      const state = Atomics.load(words, seat.line + STATE);
      if (seat.thread === undefined) continue;
      if (state === DEAD) this.#replace(seat, "it stopped", true);
      else if (isTime) {
        const beats = Atomics.load(words, seat.line + BEATS);
        if (state === READY && beats === seat.beats)
          this.#replace(seat, `it saw no job for ${this.#patience} ms`, false);
        seat.beats = beats;
      }
    }
    if (!isTime) return;
    this.#jobs = 0;
    this.#inspected = performance.now();
  }

  /** Waits for a claimed chunk. False if its worker is dead, or has been silent for too long. */
  #done(chunk: number): boolean {
    const { words } = this.#control;
    const at = DONE + chunk;
    for (let looks = LOOKS; looks > 0; looks--) if (Atomics.load(words, at) === this.#job) return true;
    const ticket = ticketOf(this.#job, chunk + 1);
    const since = performance.now();
    Atomics.store(words, CALLER_ASLEEP, 1);
    try {
      while (Atomics.load(words, at) !== this.#job) {
        if (this.#hasDiedWith(ticket)) return Atomics.load(words, at) === this.#job;
        if (performance.now() - since > this.#patience) return false;
        Atomics.wait(words, at, NO_JOB, 5);
      }
      return true;
    } finally {
      Atomics.store(words, CALLER_ASLEEP, 0);
    }
  }

  #hasDiedWith(ticket: number): boolean {
    const { words } = this.#control;
    return this.#seats.some(
      ({ line }) => Atomics.load(words, line + CLAIM) === ticket && Atomics.load(words, line + STATE) === DEAD,
    );
  }

  /** Replaces whoever may have a chunk. Whether that was a worker that has said itself that it has stopped. */
  #bury(ticket: number): boolean {
    const { words } = this.#control;
    let ended = true;
    for (const seat of this.#seats) {
      if (Atomics.load(words, seat.line + CLAIM) !== ticket) continue;
      const isDead = Atomics.load(words, seat.line + STATE) === DEAD;
      ended &&= isDead;
      this.#replace(seat, isDead ? "it stopped" : `it gave no answer for ${this.#patience} ms`, isDead);
    }
    return ended;
  }

  /** Another worker for a seat whose worker has ended, or is to end. */
  #replace(seat: Seat, reason: string, ended: boolean): void {
    const { words } = this.#control;
    this.#options.onDeath?.(reason);
    if (Atomics.load(words, seat.line + STATE) === SLEEPING) Atomics.sub(words, ASLEEP, 1);
    seat.fruitless = words[seat.line + PROGRESS] === 0 ? seat.fruitless + 1 : 0;
    const thread = seat.thread!;
    seat.thread = undefined;
    thread.terminate().catch(() => {});
    if (!ended) {
      seat.leaving.add(thread);
      // It may still write to its scratch, so the next one gets another.
      this.#quarantine.push(seat.local);
      seat.local = this.#tensors.alloc(LOCAL_SCRATCH_BYTES);
    }
    if (seat.fruitless >= MOST_FRUITLESS_DEATHS) {
      this.lost ??= new Error(
        `worker ${seat.worker} ended ${seat.fruitless} times with nothing done, at last because ${reason}`,
      );
      this.#options.onLost(this.lost);
    } else this.#fill(seat);
  }

  #fill(seat: Seat): void {
    const { words } = this.#control;
    Atomics.store(words, seat.line + STATE, STARTING);
    Atomics.store(words, seat.line + CLAIM, 0);
    Atomics.store(words, seat.line + PROGRESS, 0);
    Atomics.store(words, seat.line + BEATS, 0);
    seat.beats = -1;
    seat.generation++;
    const { module, start } = this.#options;
    const faults = this.#faults && {
      ...this.#faults,
      seed: this.#faults.seed + Math.imul(seat.generation, 0x9e3779b1),
    };
    const setup: WorkerSetup = {
      module,
      memory: this.#tensors.memory,
      control: this.control,
      local: seat.local.start * UNIT_BYTES,
      worker: seat.worker,
      faults,
    };
    const onEnd = (ending: Ending): void => this.#ended(seat, thread, ending);
    const thread: Thread = start(setup, `surprisal-${seat.worker}`, { onEnd });
    seat.thread = thread;
  }

  /** A worker has ended while the caller did something else. */
  #ended(seat: Seat, thread: Thread, { reason, confirmed }: Ending): void {
    if (this.#closed) return;
    if (seat.thread === thread) this.#replace(seat, reason, confirmed);
    if (confirmed) seat.leaving.delete(thread);
    if (this.#seats.every(({ leaving }) => leaving.size === 0)) this.#release();
  }

  /** Keeps memory back until every thread that was told to end has ended. */
  quarantine(blocks: readonly Block[]): void {
    this.#quarantine.push(...blocks);
  }

  #release(): void {
    for (const block of this.#quarantine) this.#tensors.free(block);
    this.#quarantine.length = 0;
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = this.#seats.flatMap(({ thread, leaving }) => [...leaving, ...(thread ? [thread] : [])]);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
