import { type Block, LOCAL_SCRATCH_BYTES, type TensorMemory, UNIT_BYTES } from "@surprisal/backend-cpu/kernels";
import {
  ASLEEP,
  BEATS,
  CLAIM,
  controlOn,
  DEAD,
  DEATHS,
  PROGRESS,
  READY,
  SLEEPING,
  STARTING,
  STATE,
  workerLine,
} from "./control.ts";
import { reasonOf } from "./reason-of.ts";
import type { Ending, StartThread, Thread } from "./threads.ts";
import { waitUntil } from "./wait-until.ts";
import type { FaultPlan, WorkerSetup } from "./worker-setup.ts";

/** A worker that is awake sees one of so many jobs. */
const JOBS_TO_SEE = 100;

/** So long workers may take to start. */
const START_MS = 10_000;

/** A worker that dies so often in a row, with no chunk done in between, is not started again. */
const MOST_FRUITLESS_DEATHS = 5;

export interface CrewOptions {
  readonly workers: number;
  readonly module: WebAssembly.Module;
  readonly tensors: TensorMemory;
  readonly start: StartThread;
  readonly faults?: FaultPlan | undefined;
  /** How long a worker may be silent before it is taken for dead. */
  readonly patienceMs: number;
  /** Called when a worker has died or is taken for dead. */
  readonly onDeath?: ((reason: string) => void) | undefined;
  /** Called once, when no worker stays alive; not while the crew opens, which rejects. */
  readonly onLost: (error: Error) => void;
}

/** A worker's place in the pool; who holds it changes when one dies. */
interface Seat {
  readonly line: number;
  readonly worker: number;
  /** Its scratch, unless there was no room. */
  local: Block | undefined;
  /** Who holds it. A seat stays empty for a while where nobody could be started. */
  thread: Thread | undefined;
  generation: number;
  fruitless: number;
  /** Its beats when they were last looked at. */
  beats: number;
  /** Told to end, and not known to have ended. */
  readonly leaving: Set<Thread>;
}

/** The workers of a pool: who of them is dead, and who comes in their place. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #control: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #seats: Seat[] = [];
  /** Memory that a thread which was told to end may still write. */
  readonly #quarantine: Block[] = [];
  /** How many jobs there were, and when all workers were last looked at. */
  #jobs = 0;
  #inspected = 0;
  /** How many had said that they stop when they were looked at. */
  #deaths = 0;
  #isOpen = false;
  #closed = false;
  lost: Error | undefined;

  constructor(options: CrewOptions, control: SharedArrayBuffer) {
    this.#options = options;
    this.#control = control;
    this.#words = controlOn(control).words;
    for (let worker = 0; worker < options.workers; worker++) {
      const empty = { local: undefined, thread: undefined, generation: 0, fruitless: 0, beats: 0 };
      this.#seats.push({ line: workerLine(worker), worker, ...empty, leaving: new Set() });
    }
  }

  /** Starts the workers. Resolves when every one computes; rejects if one cannot, or with the reason of `signal`. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    const words = this.#words;
    const isMissing = ({ thread, line }: Seat): boolean =>
      thread === undefined || Atomics.load(words, line + STATE) === STARTING;
    await waitUntil(
      () => {
        if (this.lost) throw this.lost;
        for (const seat of this.#seats) if (seat.thread === undefined) this.#fill(seat);
        return !this.#seats.some(isMissing);
      },
      { signal, deadlineMs: START_MS, late: `workers: not every worker has started within ${START_MS} ms` },
    );
    this.#isOpen = true;
  }

  /** Replaces workers that have stopped; and, now and then, such as neither sleep nor see the jobs that there are. */
  inspect(): void {
    const words = this.#words;
    const deaths = Atomics.load(words, DEATHS);
    const isTime = ++this.#jobs % JOBS_TO_SEE === 0 && performance.now() - this.#inspected > this.#options.patienceMs;
    if (deaths === this.#deaths && !isTime) return;
    this.#deaths = deaths;
    for (const seat of this.#seats) {
      const state = Atomics.load(words, seat.line + STATE);
      if (seat.thread === undefined) {
        if (isTime) this.#fill(seat);
      } else if (state === DEAD) this.#replace(seat, "it stopped", true);
      else if (isTime) {
        const beats = Atomics.load(words, seat.line + BEATS);
        if (state === READY && beats === seat.beats)
          this.#replace(seat, `it saw no job for ${this.#options.patienceMs} ms`, false);
        seat.beats = beats;
      }
    }
    if (isTime) this.#inspected = performance.now();
  }

  /** Whether the worker with which a ticket's chunk is says that it has stopped. */
  hasDiedWith(ticket: number): boolean {
    const words = this.#words;
    return this.#seats.some(
      ({ line }) => Atomics.load(words, line + CLAIM) === ticket && Atomics.load(words, line + STATE) === DEAD,
    );
  }

  /** Replaces whoever may have a chunk. Whether that was somebody, who has said itself that it has stopped. */
  bury(ticket: number): boolean {
    const words = this.#words;
    const suspects = this.#seats.filter(({ line }) => Atomics.load(words, line + CLAIM) === ticket);
    let ended = suspects.length > 0;
    for (const seat of suspects) {
      const isDead = Atomics.load(words, seat.line + STATE) === DEAD;
      ended &&= isDead;
      this.#replace(seat, isDead ? "it stopped" : `it gave no answer for ${this.#options.patienceMs} ms`, isDead);
    }
    return ended;
  }

  /** Another worker for a seat whose worker has ended, or is to end. */
  #replace(seat: Seat, reason: string, ended: boolean): void {
    const words = this.#words;
    if (Atomics.load(words, seat.line + STATE) === SLEEPING) Atomics.sub(words, ASLEEP, 1);
    const thread = seat.thread!;
    seat.thread = undefined;
    thread.terminate().catch(() => {});
    if (!ended) {
      seat.leaving.add(thread);
      // It may still write to its scratch, so the next one gets another.
      this.#quarantine.push(seat.local!);
      seat.local = undefined;
    }
    const isFruitless = words[seat.line + PROGRESS] === 0;
    for (const word of [STATE, CLAIM, PROGRESS, BEATS]) Atomics.store(words, seat.line + word, 0);
    this.#count(seat, reason, isFruitless);
    this.#fill(seat);
  }

  /** A worker has ended, or could not be started. */
  #count(seat: Seat, reason: string, isFruitless: boolean): void {
    this.#options.onDeath?.(reason);
    seat.fruitless = isFruitless ? seat.fruitless + 1 : 0;
    if (seat.fruitless < MOST_FRUITLESS_DEATHS || this.lost) return;
    this.lost = new Error(
      `worker ${seat.worker} ended ${seat.fruitless} times with nothing done, at last because ${reason}`,
    );
    if (this.#isOpen) this.#options.onLost(this.lost);
  }

  /** Starts a worker in an empty seat. Without room for its scratch, or without a thread to be had, the seat stays empty for now. */
  #fill(seat: Seat): void {
    if (this.lost || this.#closed) return;
    try {
      seat.local ??= this.#options.tensors.alloc(LOCAL_SCRATCH_BYTES);
    } catch {
      return;
    }
    seat.beats = -1;
    seat.generation++;
    const { module, start } = this.#options;
    const plan = this.#options.faults;
    const faults = plan && { ...plan, seed: plan.seed + Math.imul(seat.generation, 0x9e3779b1) };
    const setup: WorkerSetup = {
      module,
      memory: this.#options.tensors.memory,
      control: this.#control,
      local: seat.local.start * UNIT_BYTES,
      worker: seat.worker,
      faults,
    };
    try {
      const onEnd = (ending: Ending): void => this.#ended(seat, thread, ending);
      const thread: Thread = start(setup, `surprisal-${seat.worker}`, { onEnd });
      seat.thread = thread;
    } catch (error) {
      this.#count(seat, reasonOf(error), true);
    }
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
    for (const block of this.#quarantine) this.#options.tensors.free(block);
    this.#quarantine.length = 0;
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = this.#seats.flatMap(({ thread, leaving }) => [...leaving, ...(thread ? [thread] : [])]);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
