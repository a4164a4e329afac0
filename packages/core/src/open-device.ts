import type { AuditOptions } from "./audit/auditing.ts";
import type { BackendProvider } from "./backend.ts";
import { Device } from "./device.ts";
import { OptionError, UnavailableError, ValueError } from "./errors.ts";
import { nameOf } from "./host-values.ts";
import { Candidate, type Verify } from "./opening/candidate.ts";
import type { ChoiceStore } from "./opening/choice-memory.ts";
import { firstAvailable } from "./opening/first-available.ts";
import { Opening, type Successor } from "./opening/opening.ts";
import type { OpenReport } from "./opening/report.ts";
import { checkWorkload, type Workload } from "./opening/workload.ts";
import { checkKeys } from "./options.ts";

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

/**
 * Opens the first of the candidates that is available here and, with `verify`, computes correctly; with a `workload`, the
 * fastest of them. The device's `report` says what became of the others, and why; nothing moves to another backend silently.
 *
 * ```ts
 * const device = await openDevice([workers(), cpu(), plain()], {
 *   verify: true,
 *   workload: [
 *     { op: "matmul", m: 64, k: 784, n: 128 },
 *     { op: "softmaxCrossEntropy", rows: 64, classes: 10 },
 *   ],
 * });
 * console.log(formatReport(device.report));
 * ```
 * Whatever it does not return, it has closed.
 * @throws UnavailableError that gives the reason of every candidate, if none can be taken; the signal's reason, if aborted
 */
export async function openDevice(
  candidates: readonly BackendProvider[],
  options: OpenDeviceOptions = {},
): Promise<Device> {
  checkOptions(options);
  const providers = checkedProviders(candidates);
  const { workload, verify, auditEvery, recover, onReport, onError = () => {} } = options;
  const patience = { deadline: options.deadline ?? 10_000, signal: options.signal };
  patience.signal?.throwIfAborted();
  // Loaded before anything is opened, and only where it is asked for: most programs open the first that is available.
  const [golden, race, audit, recovery] = await Promise.all([
    verify === true ? import("./opening/verify-golden.ts") : undefined,
    workload === undefined ? undefined : import("./opening/fastest.ts"),
    auditEvery === undefined ? undefined : import("./audit/auditing.ts"),
    recover ? import("./recovery/recovery.ts") : undefined,
  ]);
  const { budget = 250, remember } = options;
  const opening = new Opening(
    providers.map((provider) => new Candidate(provider, patience)),
    patience,
    {
      choose: race
        ? (all, by) => race.fastest(all, by, { workload: workload!, budget, remember, patience })
        : firstAvailable,
      verify: golden ? golden.verifyGolden : typeof verify === "function" ? verify : undefined,
      audit: audit?.auditing(auditEvery!, patience, onError),
      onError,
    },
  );
  const first = await opening.choose();
  onReport?.(opening.report());
  if (first === undefined) throw new UnavailableError(`openDevice: no backend is available: ${opening.reasons()}`);
  const next = async (error: Error): Promise<Successor> => {
    try {
      return await opening.chooseNext(error);
    } finally {
      onReport?.(opening.report());
    }
  };
  try {
    const device = new Device(first.backend, {
      report: () => opening.report(),
      recovery: recovery && ((runtime, root, onLeaving) => new recovery.Recovery(runtime, root, next, onLeaving)),
    });
    first.attach(device.loss);
    return device;
  } catch (error) {
    await first.backend.close();
    throw error;
  }
}

function checkedProviders(candidates: readonly BackendProvider[]): readonly BackendProvider[] {
  if (!Array.isArray(candidates) || candidates.length === 0) {
    const given = Array.isArray(candidates) ? "an empty one" : nameOf(candidates);
    throw new ValueError(`openDevice: needs an array of at least one backend, such as [plain()], not ${given}`);
  }
  for (const candidate of candidates) checkProvider("a candidate is", candidate);
  return candidates;
}

function checkProvider(what: string, provider: BackendProvider | undefined): void {
  if (typeof provider?.open === "function") return;
  throw new ValueError(`openDevice: ${what} ${nameOf(provider)}, not a backend; call its factory: plain(), not plain`);
}

function checkOptions(options: OpenDeviceOptions): void {
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
