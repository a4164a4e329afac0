import type { Device, Facts, HostArray, Kernels, Tensor } from "@surprisal/core";
import type { Expected } from "./comparison.ts";
import type { FloatArray, FloatFormat } from "./float-format.ts";
import type { InstrumentedBackend, TrackedHandle } from "./instrument.ts";
import type { RandomNumbers } from "./random-numbers.ts";
import type { Judgement, Quantity } from "./tolerance.ts";

/** `quick` takes seconds and runs on every change; `full` adds the long rows and the large memories. */
export type Tier = "quick" | "full";

/** One claim about a backend, as data: no test runner inside. */
export interface Case {
  /** Stable: skips, reports and histories refer to it. */
  readonly id: string;
  /** Cases that are reported together. */
  readonly group: string;
  readonly tier: Tier;
  /** Why this case does not apply to a backend with these facts and kernels; undefined if it does. */
  readonly needs?: ((facts: Facts, kernels: Kernels) => string | undefined) | undefined;
  /** Throws, or rejects, if the claim does not hold. */
  run(t: CaseContext): void | Promise<void>;
}

/** What a case works with. Handles made through it, and its device's, are freed when the case ends. */
export interface CaseContext {
  /** The backend under test, instrumented: outputs are poisoned, misuse throws. Shared by the cases of a run. */
  readonly backend: InstrumentedBackend;
  /** `backend.kernels`. */
  readonly kernels: Kernels<TrackedHandle>;
  readonly facts: Facts;
  /** The backend's floating point format. */
  readonly format: FloatFormat;

  /** Numbers as the backend holds them: what a case gives to the backend and to the oracle alike. */
  numbers(values: ArrayLike<number>): FloatArray;
  /** `length` numbers from `element`, rounded as the backend rounds. */
  generate(length: number, element: (i: number) => number): FloatArray;
  /** A stream of random numbers that depends on the run's seed, the case and `salt`. */
  random(salt?: number | string): RandomNumbers;

  /** A float handle that holds `data`. */
  float(data: ArrayLike<number>): TrackedHandle;
  /** An i32 handle that holds `data`. */
  i32(data: ArrayLike<number>): TrackedHandle;
  /** A float handle that nobody has written. */
  output(length: number): TrackedHandle;
  /** The value at this place of the queue. A case that fails before it awaits a read leaves nothing behind. */
  read(source: TrackedHandle | Tensor): Promise<HostArray>;
  /** Frees a handle before the case ends. */
  free(handle: TrackedHandle): void;
  /** Core's device on the backend under test: the public API. One a case, closed when the case ends; the backend stays. */
  open(): Promise<Device>;

  /** The tolerance of `quantity` for the backend's class. */
  judge(quantity: Quantity): Judgement;
  /** Fails unless `actual` is as right as the judgement asks. */
  check(actual: ArrayLike<number>, expected: Expected | ArrayLike<number>, judgement: Judgement, name?: string): void;
  /** Fails unless both hold the same numbers bit for bit (NaN equals NaN). */
  same(actual: ArrayLike<number>, expected: ArrayLike<number>, name?: string): void;
  /** Fails with the message unless the condition holds. */
  expect(condition: boolean, message: string): void;
}

/** For cases about NaN and infinities: a backend may state that its device does not promise them. */
export function strictNonFinite(facts: Facts): string | undefined {
  return facts.strictNonFinite ? undefined : "strictNonFinite is false: the device does not promise NaN and infinities";
}
