import { type Audit, audited } from "../audit/audited.ts";
import type { Backend, BackendProvider } from "../backend.ts";
import type { LossWatch } from "../device-loss.ts";
import { DeviceLostError, messageOf, OptionError, UnavailableError } from "../errors.ts";
import type { Successor } from "../recovery/recovery.ts";
import type { Candidate, Verify } from "./candidate.ts";
import { type ChoiceStore, choiceKey, recall, remember } from "./choice-memory.ts";
import { type Patience, within } from "./patience.ts";
import { inMilliseconds, type OpenReport } from "./report.ts";
import { timeCandidates } from "./timing.ts";
import type { Workload } from "./workload.ts";

/** How often a real loss is checked, and on which backend. */
export interface AuditOptions {
  /** One row in so many losses. */
  readonly every: number;
  /** A provider of a backend that is trusted, such as `plain()`; opened beside the device and closed with it. */
  readonly reference: BackendProvider;
}

/** By what to choose. */
export interface ChoosingBy {
  readonly workload: Workload | undefined;
  readonly budget: number;
  readonly store: ChoiceStore | undefined;
  readonly verify: Verify | undefined;
  readonly audit: AuditOptions | undefined;
  readonly onError: (error: Error) => void;
}

/** The choice among candidates, and the next one when what was chosen is lost. */
export class Opening {
  readonly #candidates: readonly Candidate[];
  readonly #patience: Patience;
  readonly #by: ChoosingBy;
  #choice: string | undefined;
  #chosen: Candidate | undefined;
  /** Who comes next when a device is lost, the best first. */
  #reserve: Candidate[] = [];

  constructor(candidates: readonly Candidate[], patience: Patience, by: ChoosingBy) {
    this.#candidates = candidates;
    this.#patience = patience;
    this.#by = by;
  }

  report(): OpenReport {
    const candidates = this.#candidates.map((candidate) => candidate.report());
    return { candidates, ...(this.#choice !== undefined && { choice: this.#choice }) };
  }

  reasons(): string {
    return this.report()
      .candidates.map(({ name, reason }) => `${name} (${reason})`)
      .join(", ");
  }

  /** The backend to use, everything else closed; undefined if there is none. */
  async choose(): Promise<Successor | undefined> {
    this.#patience.signal?.throwIfAborted();
    try {
      const chosen = this.#by.workload === undefined ? await this.#first() : await this.#fastest(this.#by.workload);
      await this.#closeAllBut(chosen);
      return chosen && (await this.#inUse(chosen));
    } catch (error) {
      const closing = this.#closeAllBut(undefined);
      // Who has given up does not wait for those that are slow to close.
      if (!this.#patience.signal?.aborted) await closing;
      throw error;
    } finally {
      this.#patience.signal = undefined;
    }
  }

  /** The next candidate that can be had, once the one in use is lost. */
  async chooseNext(error: Error): Promise<Successor> {
    this.#chosen?.pass("lost", error.message);
    for (let next = this.#reserve.shift(); next !== undefined; next = this.#reserve.shift()) {
      if (!((await next.open()) && (await this.#isVerified(next)))) {
        await next.close(this.#patience);
        continue;
      }
      next.choose("the one before was lost");
      return this.#inUse(next);
    }
    throw new DeviceLostError(`recovering: ${error.message}; no candidate is left: ${this.reasons()}`, {
      cause: error.cause,
    });
  }

  async #first(): Promise<Candidate | undefined> {
    for (const [i, candidate] of this.#candidates.entries()) {
      if (!((await candidate.open()) && (await this.#isVerified(candidate)))) continue;
      candidate.choose("the first that is available");
      this.#reserve = this.#candidates.slice(i + 1);
      for (const later of this.#reserve) later.pass("not tried", `${candidate.name} is available`);
      return candidate;
    }
    return undefined;
  }

  async #fastest(workload: Workload): Promise<Candidate | undefined> {
    const { store, budget } = this.#by;
    for (const candidate of this.#candidates) await candidate.open();
    const key = choiceKey(this.#candidates, workload);
    const before = store && (await this.#recalled(store, key));
    if (before !== undefined && (await this.#isVerified(before))) {
      this.#choice = "remembered: the workload was timed before";
      before.choose("the fastest, as remembered");
      this.#stepBack(before, () => ["not chosen", `${before.name} is remembered as faster`]);
      return before;
    }
    for (const candidate of this.#candidates) if (candidate.isFit) await this.#isVerified(candidate);
    await timeCandidates(
      this.#candidates.filter((candidate) => candidate.isFit),
      workload,
      budget,
    );
    const [fastest] = this.#candidates.filter((candidate) => candidate.isFit).sort(byTime);
    if (fastest === undefined) return undefined;
    const kept = store && (await this.#remembered(store, key, this.#candidates.indexOf(fastest)));
    this.#choice = `timed within ${budget} ms${kept ? `, ${kept}` : ""}`;
    const time = inMilliseconds(fastest.timing!.milliseconds);
    this.#stepBack(fastest, () => ["slower", `${fastest.name} takes ${time}`]);
    fastest.choose(this.#reserve.length === 0 ? "the only one" : "the fastest");
    return fastest;
  }

  /** All fit candidates but the chosen one go into reserve, the fastest first. */
  #stepBack(chosen: Candidate, why: () => ["slower" | "not chosen", string]): void {
    this.#reserve = this.#candidates.filter((candidate) => candidate.isFit && candidate !== chosen).sort(byTime);
    for (const candidate of this.#reserve) candidate.pass(...why());
  }

  async #isVerified(candidate: Candidate): Promise<boolean> {
    const { verify } = this.#by;
    return verify === undefined || candidate.verify(verify);
  }

  async #recalled(store: ChoiceStore, key: string): Promise<Candidate | undefined> {
    const recalling = within(this.#patience, "remember", () => recall(store, key, this.#candidates));
    return recalling.catch(() => {
      this.#patience.signal?.throwIfAborted();
      return undefined;
    });
  }

  async #remembered(store: ChoiceStore, key: string, index: number): Promise<string> {
    try {
      return await within(this.#patience, "remember", () => remember(store, key, index));
    } catch (error) {
      this.#patience.signal?.throwIfAborted();
      return `not remembered: ${messageOf(error)}`;
    }
  }

  async #closeAllBut(chosen: Candidate | undefined): Promise<void> {
    const others = this.#candidates.filter((candidate) => candidate !== chosen);
    await Promise.all(others.map((candidate) => candidate.close(this.#patience)));
  }

  /** The backend of the chosen candidate as the device's own, audited if that is asked for. */
  async #inUse(chosen: Candidate): Promise<Successor> {
    this.#chosen = chosen;
    const { audit: options, onError } = this.#by;
    const reference = options && (await this.#reference(options, chosen.backend!));
    let lose: (error: Error) => void = () => {};
    const audit: Audit | undefined = options &&
      reference && {
        every: options.every,
        reference,
        onFault(error) {
          onError(error);
          lose(error);
        },
        onError,
      };
    const own = chosen.handOver();
    return {
      backend: audit ? audited(own, audit) : own,
      attach(loss: LossWatch) {
        lose = (error) => loss.lose(error);
        chosen.listen((error) => {
          onError(error);
          loss.suspect();
        });
      },
    };
  }

  /** The audit's reference, open; it must be no less exact than what it judges. */
  async #reference({ reference }: AuditOptions, judged: Backend): Promise<Backend> {
    const opened = (async () => reference.open({ onError: this.#by.onError }))();
    let backend: Backend;
    try {
      backend = await within(this.#patience, "open", () => opened);
    } catch (cause) {
      opened.then((late) => late.close()).catch(() => {});
      this.#patience.signal?.throwIfAborted();
      throw new UnavailableError(
        `openDevice: auditEvery: the reference ${reference.name} is not available: ${messageOf(cause)}`,
      );
    }
    const lacks = lacking(backend, judged);
    if (lacks === undefined) return backend;
    await backend.close();
    throw new OptionError(
      `openDevice: auditEvery: the reference ${reference.name} ${lacks}; take another, such as plain()`,
    );
  }
}

/** What a reference needs and has not. */
function lacking(reference: Backend, judged: Backend): string | undefined {
  if (reference.facts.floatBytes < judged.facts.floatBytes) return `is float32, and ${judged.facts.name} float64`;
  if (judged.facts.lossTerms && !reference.facts.lossTerms) return "does not compute all terms of the loss (lossTerms)";
  return undefined;
}

function byTime(a: Candidate, b: Candidate): number {
  return (a.timing?.milliseconds ?? 0) - (b.timing?.milliseconds ?? 0);
}
