import {
  CALLER_ASLEEP,
  CLAIM,
  type Control,
  chunksLeft,
  DONE,
  JOB_ARGS,
  JOB_BLOCKS,
  JOB_CHUNK,
  JOB_FUNCTION,
  jobOf,
  NO_JOB,
  PROGRESS,
  TICKET,
} from "./control.ts";

/** A function of the kernel module. */
export type KernelFunction = (...args: number[]) => number;

/** A thread that computes chunks. */
export interface Participant {
  readonly control: Control;
  /** Every function of the kernel module, in the order of its exports. */
  readonly functions: readonly KernelFunction[];
  /** The address of the thread's own scratch. */
  readonly local: number;
  /** Where its line begins in the control words. */
  readonly line: number;
  /** Called at each turn of a chunk's life, so that tests can hurt the thread there. */
  readonly at?: ((moment: Moment) => void) | undefined;
}

export type Moment = "idle" | "claimed" | "half done" | "computed" | "told";

/**
 * The way in which every thread takes part in jobs, the caller too: a function that computes chunks of the current job until
 * none is left to claim. It takes the ticket last seen and returns the one with which nothing was left.
 */
export function takesPart({ control, functions, local, line, at }: Participant): (ticket: number) => number {
  const { words, args } = control;
  const claim = line + CLAIM;
  const progress = line + PROGRESS;
  let known = NO_JOB;
  let run = functions[0]!;
  let blocks = 0;
  let chunkBlocks = 0;
  let count = 0;
  const call: number[] = [];

  /** Reads the job. If another is written meanwhile, claiming fails and nothing of this is used. */
  const learn = (job: number): void => {
    known = job;
    run = functions[words[JOB_FUNCTION]!]!;
    blocks = words[JOB_BLOCKS]!;
    chunkBlocks = words[JOB_CHUNK]!;
    count = words[JOB_ARGS]!;
    call.length = count + 3;
    for (let i = 0; i < count; i++) call[i] = args[i]!;
    call[count + 2] = local;
  };

  const compute = (chunk: number): void => {
    const begin = chunk * chunkBlocks;
    const end = Math.min(begin + chunkBlocks, blocks);
    call[count] = begin;
    call[count + 1] = end;
    if (at && end > begin + 1) {
      call[count + 1] = begin + ((end - begin) >> 1);
      run(...call);
      at("half done");
      call[count] = call[count + 1]!;
      call[count + 1] = end;
    }
    run(...call);
  };

  return (first) => {
    let ticket = first;
    for (let left = chunksLeft(ticket); left > 0; left = chunksLeft(ticket)) {
      const job = jobOf(ticket);
      if (job !== known) learn(job);
      at?.("idle");
      Atomics.store(words, claim, ticket);
      const seen = Atomics.compareExchange(words, TICKET, ticket, ticket - 1);
      if (seen !== ticket) {
        Atomics.store(words, claim, 0);
        ticket = seen;
        continue;
      }
      at?.("claimed");
      compute(left - 1);
      at?.("computed");
      words[progress] = words[progress]! + 1;
      Atomics.store(words, DONE + left - 1, job);
      if (Atomics.load(words, CALLER_ASLEEP) === 1) Atomics.notify(words, DONE + left - 1);
      Atomics.store(words, claim, 0);
      at?.("told");
      ticket = Atomics.load(words, TICKET);
    }
    known = NO_JOB;
    return ticket;
  };
}
