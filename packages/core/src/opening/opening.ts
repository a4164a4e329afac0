import type { Backend } from "../backend.ts";
import type { LossWatch } from "../device-loss.ts";
import type { Candidate, Verify } from "./candidate.ts";
import type { Choice } from "./choice.ts";
import type { Patience } from "./patience.ts";
import type { OpenReport } from "./report.ts";

/** A backend to go on with; `attach` is called once it is in use, with who is to know that it fails. */
export interface Successor {
  readonly backend: Backend;
  attach(loss: LossWatch): void;
}

/** How candidates are chosen and watched. */
export interface ChoosingBy {
  readonly choose: (candidates: readonly Candidate[], verify: Verify | undefined) => Promise<Choice>;
  readonly verify: Verify | undefined;
  /** Puts a backend under audit. Absent where there is none. */
  readonly audit: ((backend: Backend) => Promise<Successor>) | undefined;
  readonly onError: (error: Error) => void;
}

/** The choice among candidates. When what was chosen is lost, recovery/next-candidate.ts makes the next. */
export class Opening {
  readonly patience: Patience;
  readonly by: ChoosingBy;
  readonly #candidates: readonly Candidate[];
  #says: string | undefined;
  /** The candidate whose backend is in use. */
  chosen: Candidate | undefined;
  /** Those that may come after it, in this order. */
  reserve: Candidate[] = [];

  constructor(candidates: readonly Candidate[], patience: Patience, by: ChoosingBy) {
    this.#candidates = candidates;
    this.patience = patience;
    this.by = by;
  }

  report(): OpenReport {
    const candidates = this.#candidates.map((candidate) => candidate.report());
    return { candidates, ...(this.#says !== undefined && { choice: this.#says }) };
  }

  reasons(): string {
    const reports = this.#candidates.map((candidate) => candidate.report());
    return reports.map(({ name, reason }) => `${name} (${reason})`).join(", ");
  }

  /** The backend to use, everything else closed; undefined if there is none. */
  async choose(): Promise<Successor | undefined> {
    try {
      const { chosen, reserve, says } = await this.by.choose(this.#candidates, this.by.verify);
      this.#says = says;
      this.reserve = [...reserve];
      await this.#closeAllBut(chosen);
      return chosen && (await this.inUse(chosen));
    } catch (error) {
      const closing = this.#closeAllBut(undefined);
      // Who has given up does not wait for those that are slow to close.
      if (!this.patience.signal?.aborted) await closing;
      throw error;
    } finally {
      this.patience.signal = undefined;
    }
  }

  async #closeAllBut(chosen: Candidate | undefined): Promise<void> {
    const others = this.#candidates.filter((candidate) => candidate !== chosen);
    await Promise.all(others.map((candidate) => candidate.close(this.patience)));
  }

  /** The backend of the chosen candidate as the device's own. */
  async inUse(chosen: Candidate): Promise<Successor> {
    const { audit, onError } = this.by;
    const audited = await audit?.(chosen.backend!);
    this.chosen = chosen;
    const own = chosen.handOver();
    return {
      backend: audited?.backend ?? own,
      attach(loss) {
        audited?.attach(loss);
        chosen.listen((error) => {
          onError(error);
          loss.suspect();
        });
      },
    };
  }
}
