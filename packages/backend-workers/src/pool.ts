import {
  LOCAL_SCRATCH_BYTES,
  link,
  type Phase,
  type PhaseRunner,
  phaseRunner,
  UNIT_BYTES,
} from "@surprisal/backend-cpu/kernels";
import { type Chunking, mostBlocks } from "./chunks.ts";
import {
  ASLEEP,
  CALLER_ASLEEP,
  CONTROL_BYTES,
  type Control,
  controlOn,
  DONE,
  JOB_ARGS,
  JOB_BLOCKS,
  JOB_CHUNK,
  JOB_FUNCTION,
  jobAfter,
  NO_JOB,
  PROGRESS,
  TICKET,
  ticketOf,
  workerLine,
} from "./control.ts";
import { Crew, type CrewOptions } from "./crew.ts";
import { takesPart } from "./take-part.ts";

/** So many looks at a chunk, some 10 to 25 µs, before the caller sleeps until it is done. */
const LOOKS = 2000;

/** How long the caller sleeps before it looks whether anybody is dead. */
const NAP_MS = 5;

export interface PoolOptions extends Omit<CrewOptions, "workers"> {
  readonly threads: number;
  readonly chunking: Chunking;
  /** So many grains of work are worth waking workers for. */
  readonly wakeFrom: number;
}

/**
 * A phase could not be finished, and a thread may still write what it was to write: the call must be made again, with other
 * memory for its results.
 */
export class AbandonedPhase extends Error {}

/** The caller and its workers, which compute one phase after the other. */
export class Pool {
  readonly threads: number;
  /** What the threads share besides the tensors. */
  readonly control: SharedArrayBuffer;
  readonly crew: Crew;
  readonly #control: Control;
  readonly #runPhase: PhaseRunner;
  /** The numbers by which workers know the functions. */
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #chunking: Chunking;
  readonly #wakeFrom: number;
  readonly #patience: number;
  /** The caller's line in the control words, behind those of the workers. */
  readonly #line: number;
  readonly #takePart: (ticket: number) => number;
  #job = NO_JOB;
  /** Grains of work that sleeping workers have missed. */
  #missed = 0;

  constructor(options: PoolOptions) {
    const { threads, module, tensors } = options;
    this.threads = threads;
    this.#chunking = options.chunking;
    this.#wakeFrom = options.wakeFrom;
    this.#patience = options.patienceMs;
    this.control = new SharedArrayBuffer(CONTROL_BYTES);
    this.#control = controlOn(this.control);
    const wasm = link(module, tensors.memory);
    this.#numbers = new Map(Object.keys(wasm).map((name, number) => [name, number]));
    this.#line = workerLine(threads - 1);
    const local = tensors.alloc(LOCAL_SCRATCH_BYTES).start * UNIT_BYTES;
    this.#runPhase = phaseRunner(wasm, local);
    const functions = Object.values(wasm);
    this.#takePart = takesPart({ control: this.#control, functions, local, line: this.#line });
    this.crew = new Crew({ ...options, workers: threads - 1 }, this.control);
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
    if (asleep === this.threads - 1 && this.#missed < this.#wakeFrom) return false;
    this.#missed = 0;
    return true;
  }

  /**
   * Computes a phase: shared out, or on the calling thread where that is sooner.
   * @throws AbandonedPhase if the whole call must be made again
   */
  run(phase: Phase): void {
    const { blocks } = phase;
    if (blocks === 0) return;
    const size = this.#chunking(phase, this.threads);
    if (size >= blocks) this.runAlone(phase);
    else this.#share(phase, size);
  }

  /** Computes a phase on the calling thread. */
  runAlone(phase: Phase): void {
    const { blocks, grain } = phase;
    const size = mostBlocks(grain);
    for (let begin = 0; begin < blocks; begin += size) {
      this.#runPhase(phase, begin, Math.min(begin + size, blocks));
      this.#control.words[this.#line + PROGRESS]!++;
    }
  }

  #share(phase: Phase, size: number): void {
    const { run, args, blocks, grain, rewrites } = phase;
    const { words, args: shared } = this.#control;
    this.crew.inspect();
    const chunks = Math.ceil(blocks / size);
    this.#job = jobAfter(this.#job);
    words[JOB_FUNCTION] = this.#numbers.get(run)!;
    words[JOB_BLOCKS] = blocks;
    words[JOB_CHUNK] = size;
    words[JOB_ARGS] = args.length;
    for (let i = 0; i < args.length; i++) shared[i] = args[i]!;
    for (let chunk = 0; chunk < chunks; chunk++) words[DONE + chunk] = NO_JOB;
    const ticket = ticketOf(this.#job, chunks);
    Atomics.store(words, TICKET, ticket);
    if (Atomics.load(words, ASLEEP) > 0) Atomics.notify(words, TICKET, 1);
    this.#takePart(ticket);
    // A single block may be larger than a chunk should be.
    const naps = Math.ceil((this.#patience / NAP_MS) * Math.max(1, size / mostBlocks(grain)));
    let abandoned = false;
    let lost: number[] | undefined;
    for (let chunk = 0; chunk < chunks; chunk++) {
      if (this.#done(chunk, naps)) continue;
      // Its worker has died with it, or is taken for dead.
      const ended = this.crew.bury(ticketOf(this.#job, chunk + 1));
      if (!ended || rewrites) abandoned = true;
      lost ??= [];
      lost.push(chunk);
    }
    if (lost === undefined) return;
    if (abandoned) throw new AbandonedPhase();
    for (const chunk of lost) this.#runPhase(phase, chunk * size, Math.min((chunk + 1) * size, blocks));
  }

  /**
   * Waits for a claimed chunk, for so many naps at most: a clock would also count the time in which the whole process was
   * stopped. False if its worker is dead, or has been silent for too long.
   */
  #done(chunk: number, naps: number): boolean {
    const { words } = this.#control;
    const at = DONE + chunk;
    for (let looks = LOOKS; looks > 0; looks--) if (Atomics.load(words, at) === this.#job) return true;
    const ticket = ticketOf(this.#job, chunk + 1);
    Atomics.store(words, CALLER_ASLEEP, 1);
    try {
      for (let left = naps; ; ) {
        // A thread that was given up may have left the number of an older job here.
        const seen = Atomics.load(words, at);
        if (seen === this.#job) return true;
        if (this.crew.hasDiedWith(ticket)) return Atomics.load(words, at) === this.#job;
        if (left <= 0) return false;
        if (Atomics.wait(words, at, seen, NAP_MS) === "timed-out") left--;
      }
    } finally {
      Atomics.store(words, CALLER_ASLEEP, 0);
    }
  }
}
