import type { Backend, BackendProvider, Facts } from "../backend.ts";
import { messageOf } from "../errors.ts";
import { contractFault } from "./contract-fault.ts";
import { LateError, type Patience, within } from "./patience.ts";
import type { CandidateReport, CandidateStatus, Timing, Verification } from "./report.ts";

/** Checks an open backend. What it is lent is closed by nobody; `signal` is aborted once nobody waits any more. */
export type Verify = (backend: Backend, options: { readonly signal: AbortSignal }) => Promise<Verification>;

/** One candidate of `openDevice`, from the first question to the last. */
export class Candidate {
  readonly provider: BackendProvider;
  readonly #patience: Patience;
  #errors: Error[] = [];
  #listener: ((error: Error) => void) | undefined;
  #backend: Backend | undefined;
  #facts: Facts | undefined;
  #status: CandidateStatus = "not tried";
  #reason = "";
  #verification: Verification | undefined;
  #timing: Timing | undefined;
  #closing: string | undefined;

  constructor(provider: BackendProvider, patience: Patience) {
    this.provider = provider;
    this.#patience = patience;
  }

  get name(): string {
    return this.provider.name;
  }

  /** The open backend, as long as nothing speaks against it. */
  get backend(): Backend | undefined {
    return this.#backend;
  }

  get timing(): Timing | undefined {
    return this.#timing;
  }

  /** Opens it; false where that cannot be. */
  async open(): Promise<boolean> {
    this.#errors = [];
    const ended = new AbortController();
    const onError = (error: Error): void => this.#hear(error);
    const opening = (async () => this.provider.open({ onError, signal: ended.signal }))();
    try {
      this.#backend = await within(this.#patience, "open", () => opening);
    } catch (cause) {
      // It may stop here; whoever comes too late is sent home.
      ended.abort(cause);
      opening.then((late) => late.close()).catch(() => {});
      return this.#give(cause, "unavailable");
    }
    const fault = contractFault(this.#backend);
    if (fault !== undefined) return this.#drop("wrong", fault);
    this.#facts = this.#backend.facts;
    return this.#holdsNumbers(this.#backend);
  }

  /** Whether it passes the verification, if there is one. */
  async verify(verify: Verify | undefined): Promise<boolean> {
    if (verify === undefined) return true;
    const ended = new AbortController();
    try {
      const backend = this.#backend!;
      this.#verification = await within(this.#patience, "verify", () => verify(backend, { signal: ended.signal }));
    } catch (cause) {
      return this.#give(cause, "failed", "verify: ");
    } finally {
      ended.abort();
    }
    const { fault } = this.#verification;
    if (fault !== undefined) return this.#drop("wrong", `${fault.id}: ${fault.message}`);
    const [error] = this.#errors;
    return error === undefined || this.#drop("failed", `verify: onError was called: ${error.message}`);
  }

  /** Something that it is asked for while others wait; undefined where it cannot do that. */
  async ask<T>(what: string, work: (backend: Backend) => T | Promise<T>): Promise<T | undefined> {
    try {
      return await within(this.#patience, what, () => work(this.#backend!));
    } catch (cause) {
      this.#give(cause, "failed", `${what}: `);
      return undefined;
    }
  }

  timed(timing: Timing): void {
    this.#timing = timing;
  }

  /** Who hears of failures in the background from now on, and of those that nobody has heard. */
  listen(listener: (error: Error) => void): void {
    this.#listener = listener;
    for (const error of this.#errors) listener(error);
    this.#errors = [];
  }

  /** What becomes of it, and why. */
  pass(status: CandidateStatus, reason: string): void {
    this.#status = status;
    this.#reason = reason;
  }

  /** Whether nothing was found against it. */
  get isFit(): boolean {
    return this.#backend !== undefined && this.#status === "not tried";
  }

  /** Closes what is open. Never rejects: what goes wrong stands in the report. */
  async close({ deadline }: Patience): Promise<void> {
    const backend = this.#backend;
    this.#backend = undefined;
    if (typeof backend?.close !== "function") return;
    try {
      await within({ deadline, signal: undefined }, "close", () => backend.close());
    } catch (cause) {
      this.#closing = messageOf(cause);
    }
  }

  /** The backend is the device's own from now on. */
  handOver(): Backend {
    const backend = this.#backend!;
    this.#backend = undefined;
    return backend;
  }

  report(): CandidateReport {
    return {
      name: this.name,
      status: this.#status,
      reason: this.#reason,
      ...(this.#facts && { facts: this.#facts }),
      ...(this.#timing && { timing: this.#timing }),
      ...(this.#verification && { verification: this.#verification }),
      ...(this.#closing !== undefined && { closing: this.#closing }),
    };
  }

  /** A device begins with one number (see device-loss.ts). */
  #holdsNumbers(backend: Backend): boolean {
    try {
      const handle = backend.alloc("float", 1);
      backend.write(handle, [0]);
      backend.free(handle);
      return true;
    } catch (cause) {
      return this.#give(cause, "failed", "it cannot hold a number: ");
    }
  }

  #hear(error: Error): void {
    if (this.#listener !== undefined) this.#listener(error);
    else this.#errors.push(error);
  }

  #drop(status: CandidateStatus, reason: string): false {
    this.pass(status, reason);
    return false;
  }

  #give(cause: unknown, status: CandidateStatus, prefix = ""): false {
    this.#patience.signal?.throwIfAborted();
    if (cause instanceof LateError) return this.#drop("no answer", cause.message);
    return this.#drop(status, prefix + messageOf(cause));
  }
}
