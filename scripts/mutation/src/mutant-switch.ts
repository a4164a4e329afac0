/** A mutant ran so often that its loop would not end. */
export class HitLimitError extends Error {
  override readonly name = "HitLimitError";
}

let active = "";
let hits = 0;
let limit = 0;
let recorded: Uint32Array | undefined;

/** The two functions that instrumented code calls, under StrykerJS' names. */
const helpers = {
  /** Whether this mutant is on. */
  stryMutAct_9fa48(id: string): boolean {
    if (id !== active) return false;
    if (++hits > limit) throw new HitLimitError(`the mutant ran more than ${limit} times`);
    return true;
  },
  /** The code of these mutants is run. */
  stryCov_9fa48(...ids: string[]): void {
    if (recorded) for (const id of ids) recorded[Number(id)]!++;
  },
};
Object.assign(globalThis, { surprisalMutants: helpers });

/** Turns one mutant on. It may run `most` times; then it throws, since a loop that a mutant keeps alive calls it for ever. */
export function turnOn(mutant: number, most: number): void {
  active = String(mutant);
  hits = 0;
  limit = most;
}

export function turnOff(): void {
  active = "";
}

/** Counts from here on how often the code of each mutant runs; undefined ends it. */
export function record(counts: Uint32Array | undefined): void {
  recorded = counts;
}

/** What a mutant may do where the right code runs `times` times. */
export function mostHits(times: number): number {
  return 20 * times + 1000;
}
