import type { AuditOptions } from "../audit/auditing.ts";
import { OptionError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { checkKeys } from "../options.ts";
import type { Verify } from "./candidate.ts";
import { checkProvider } from "./check-provider.ts";
import type { ChoiceStore } from "./choice-memory.ts";
import type { OpenReport } from "./report.ts";
import { checkWorkload, type Workload } from "./workload.ts";

export interface OpenDeviceOptions {
  /**
   * What the program will compute: the fastest candidate is taken, not the first. Ops with their sizes, as data, or a function
   * of a device that is timed as a whole.
   */
  readonly workload?: Workload | undefined;
  /** Milliseconds after which no further measurement of the workload begins; 250 if absent. */
  readonly budget?: number | undefined;
  /**
   * Where the choice by a workload is remembered, so that the next opening does without timing; by default in this program, and
   * `false` for nowhere. Everything the choice depends on is in the key: candidates, their variants and devices, workload,
   * version of this package. A workload that is a function is remembered in this program alone.
   */
  readonly remember?: ChoiceStore | false | undefined;
  /**
   * Refuses a candidate that computes wrong: `true` for core's own golden rows (some milliseconds), or a function, such as
   * `quickCheck` of the conformance kit (a second).
   */
  readonly verify?: boolean | Verify | undefined;
  /**
   * Milliseconds that a candidate has for each thing that it is asked for: to open, to be verified, each measurement, to
   * close; 10 000 if absent. One that blocks the thread cannot be interrupted.
   */
  readonly deadline?: number | undefined;
  /** Ends the opening at once: everything is closed, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the report once the choice is made or none can be, and again when `recovering` has made another. */
  readonly onReport?: ((report: OpenReport) => void) | undefined;
  /** Called when a queued call fails, with the backend's error; the failure also rejects whoever reads its result. */
  readonly onError?: ((error: Error) => void) | undefined;
  /**
   * Computes one row in `every` losses again on the backend `reference`. A device that gives another answer counts as lost:
   * all that waits rejects with DeviceLostError, whose cause is an AuditError; so does all that comes after; `onError` hears it.
   */
  readonly auditEvery?: AuditOptions | undefined;
  /** Keeps the other candidates in mind, so that `device.recovering` can go on with them when the device is lost. */
  readonly recover?: boolean | undefined;
}

const OPTIONS = [
  "workload",
  "budget",
  "remember",
  "verify",
  "deadline",
  "signal",
  "onReport",
  "onError",
  "auditEvery",
  "recover",
] as const satisfies readonly (keyof OpenDeviceOptions)[];

/** Refuses options that do not exist, or whose values are none. */
export function checkOptions(options: OpenDeviceOptions): void {
  checkKeys("openDevice", options, OPTIONS);
  const { workload, verify, remember, auditEvery } = options;
  if (workload !== undefined) checkWorkload(workload);
  checkMilliseconds("budget", options.budget, 0);
  checkMilliseconds("deadline", options.deadline, 1);
  checkType("signal", options.signal, "an AbortSignal", (signal) => signal instanceof AbortSignal);
  for (const name of ["onReport", "onError"] as const) checkType(name, options[name], "a function", isFunction);
  checkType("recover", options.recover, "true or false", isBoolean);
  checkType("verify", verify, "true, false or a function such as quickCheck", (v) => isBoolean(v) || isFunction(v));
  checkType("remember", remember, "false or a store with get and set, such as a Map", (store) => {
    return store === false || (isFunction((store as ChoiceStore)?.get) && isFunction((store as ChoiceStore)?.set));
  });
  if (auditEvery === undefined) return;
  checkKeys("openDevice: auditEvery", auditEvery, ["every", "reference"]);
  const { every, reference } = auditEvery;
  checkType(
    "auditEvery.every",
    every ?? null,
    "a whole number from 1",
    (n) => Number.isSafeInteger(n) && (n as number) > 0,
  );
  checkProvider("auditEvery.reference is", reference);
}

const isFunction = (value: unknown): boolean => typeof value === "function";
const isBoolean = (value: unknown): boolean => typeof value === "boolean";

function checkType(name: string, value: unknown, wanted: string, fits: (value: unknown) => boolean): void {
  if (value === undefined || fits(value)) return;
  throw new OptionError(`openDevice: ${name} is ${wanted}, not ${nameOf(value)}`);
}

function checkMilliseconds(name: string, value: number | undefined, least: number): void {
  // Timers count in 31 bits.
  const isInRange = (number: unknown): boolean => (number as number) >= least && (number as number) < 2 ** 31;
  checkType(name, value, `milliseconds from ${least}`, (number) => typeof number === "number" && isInRange(number));
}
