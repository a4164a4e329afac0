/** What a worker is given when it starts. */
export interface WorkerSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  /** The address of its scratch. */
  readonly local: number;
  /** Which worker it is, from 0. */
  readonly worker: number;
  /** What is to go wrong, in tests. */
  readonly faults?: FaultPlan | undefined;
}

/** Faults that befall a worker at random, the same for the same seed as long as the same chunks come its way. */
export interface FaultPlan {
  readonly seed: number;
  /** At one in so many moments, the worker dies: it throws, or exits without a word. */
  readonly killEvery?: number | undefined;
  /** At one in so many moments, it stops for ever without dying. */
  readonly hangEvery?: number | undefined;
  /** At one in so many moments, it is late: up to `lateness` milliseconds. */
  readonly delayEvery?: number | undefined;
  readonly lateness?: number | undefined;
}
