/**
 * What the threads share besides the tensors: one job at a time, and who has which part of it.
 *
 * A job is a range of blocks, cut into chunks. Its ticket says how many chunks nobody has claimed yet; whoever lowers it by
 * one has the chunk of that number. The number of the job stands in the ticket too, so that a thread that comes late, with
 * an old ticket, gets nothing.
 */
const LINE = 16; // words of a cache line: what different threads write lies on different ones

/** The ticket: the job's number in the upper 22 bits, the number of unclaimed chunks in the lower 10. */
export const TICKET: number = 0;
/** How many workers sleep until the ticket changes. */
export const ASLEEP: number = LINE;
/** 1 while the caller sleeps until a chunk is done. */
export const CALLER_ASLEEP: number = 2 * LINE;
/** How often a worker has said that it stops: what the caller looks at instead of the line of each. */
export const DEATHS: number = CALLER_ASLEEP + 1;
/** The job: its function, blocks, blocks of a chunk, number of arguments. */
export const JOB_FUNCTION: number = 3 * LINE;
export const JOB_BLOCKS: number = JOB_FUNCTION + 1;
export const JOB_CHUNK: number = JOB_FUNCTION + 2;
export const JOB_ARGS: number = JOB_FUNCTION + 3;

const WORKERS = 4 * LINE;
const MOST_WORKERS = 64;

/** For each chunk, the number of the job in which it was last done. */
export const DONE: number = WORKERS + MOST_WORKERS * LINE;

const CHUNK_BITS = 10;
export const MOST_CHUNKS: number = 2 ** CHUNK_BITS - 1;
const MOST_ARGS = 32;
const WORDS = DONE + MOST_CHUNKS + 1;

/** The job that no job has. */
export const NO_JOB = -1;

/** What a worker's line says, from {@link workerLine} on. */
export const STATE = 0;
/** The ticket with which it has claimed a chunk, or is about to; it is done with it once the chunk is. */
export const CLAIM = 1;
/** How many chunks it has done. */
export const PROGRESS = 2;
/** How often it has looked for a job. */
export const BEATS = 3;

/** The states of a worker. Zeros are the line of one that has not begun. */
export const STARTING = 0;
export const READY = 1;
export const SLEEPING = 2;
/** It has stopped, and says so itself. */
export const DEAD = 3;

export interface Control {
  readonly words: Int32Array;
  /** The job's arguments. */
  readonly args: Float64Array;
}

export const CONTROL_BYTES: number = WORDS * 4 + MOST_ARGS * 8;

export function controlOn(buffer: SharedArrayBuffer): Control {
  return { words: new Int32Array(buffer, 0, WORDS), args: new Float64Array(buffer, WORDS * 4, MOST_ARGS) };
}

/** Where the line of a worker begins. */
export function workerLine(worker: number): number {
  return WORKERS + worker * LINE;
}

/** The last that a worker says. */
export function sayDead(words: Int32Array, line: number): void {
  Atomics.store(words, line + STATE, DEAD);
  Atomics.add(words, DEATHS, 1);
}

export function ticketOf(job: number, chunks: number): number {
  return (job << CHUNK_BITS) | chunks;
}

export function jobOf(ticket: number): number {
  return ticket >>> CHUNK_BITS;
}

export function chunksLeft(ticket: number): number {
  return ticket & MOST_CHUNKS;
}

/** The number of the next job. */
export function jobAfter(job: number): number {
  return (job + 1) & (2 ** (32 - CHUNK_BITS) - 1);
}
