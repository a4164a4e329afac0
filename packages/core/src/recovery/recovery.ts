import type { Backend } from "../backend.ts";
import { DeviceLostError, OptionError } from "../errors.ts";
import type { Opening } from "../opening/opening.ts";
import type { OpenReport } from "../opening/report.ts";
import type { Runtime } from "../runtime.ts";
import type { Region } from "../tensor.ts";
import { type HostCopies, hostCopies, isCurrent, restore } from "./host-copies.ts";
import { nextCandidate } from "./next-candidate.ts";

/** Goes on with other backends when one is lost. */
export class Recovery {
  readonly #opening: Opening;
  readonly #onReport: ((report: OpenReport) => void) | undefined;
  readonly #runtime: Runtime;
  readonly #root: Region;
  readonly #onLeaving: () => void;
  #copies: HostCopies | undefined;
  #isRunning = false;

  /** @param onLeaving is called before another backend takes over */
  constructor(
    opening: Opening,
    onReport: ((report: OpenReport) => void) | undefined,
    runtime: Runtime,
    root: Region,
    onLeaving: () => void,
  ) {
    this.#opening = opening;
    this.#onReport = onReport;
    this.#runtime = runtime;
    this.#root = root;
    this.#onLeaving = onLeaving;
  }

  /**
   * Runs `f` until no device is lost under it. One at a time: whether a second is called inside the first or beside it cannot
   * be told, and what one beside it writes would be put back with the first, which does not do it again.
   */
  async run<R>(f: () => R | Promise<R>): Promise<R> {
    if (this.#isRunning) {
      throw new OptionError(
        "recovering: another is under way on this device; await that one first, or, inside it, just call the function",
      );
    }
    this.#isRunning = true;
    try {
      await this.#begin();
      for (;;) {
        const attempt = await this.#attempt(f);
        if (attempt !== undefined) return attempt.result;
        await this.#recover();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Makes the host copies current. A device that was lost before is replaced, if they are. */
  async #begin(): Promise<void> {
    for (;;) {
      const { error } = this.#runtime.loss;
      if (error === undefined) {
        if (await this.#tookCopies()) return;
      } else if (this.#copies !== undefined && isCurrent(this.#copies, this.#root)) {
        await this.#recover();
        return;
      } else {
        throw new DeviceLostError(
          `recovering: ${error.message}; tensors were made or written since the last host copy: do that inside device.recovering`,
          { cause: error.cause },
        );
      }
    }
  }

  /** What `f` gave, with all that it left on the device on the host; nothing if the device is lost. */
  async #attempt<R>(f: () => R | Promise<R>): Promise<{ result: R } | undefined> {
    try {
      const result = await f();
      return (await this.#tookCopies()) ? { result } : undefined;
    } catch (failure) {
      if (await this.#isLost()) return undefined;
      throw failure;
    }
  }

  /** Takes host copies; false if the device is lost before they are there. */
  async #tookCopies(): Promise<boolean> {
    try {
      this.#copies = await hostCopies(this.#root, this.#copies);
      return true;
    } catch (failure) {
      if (await this.#isLost()) return false;
      throw failure;
    }
  }

  async #isLost(): Promise<boolean> {
    const { loss } = this.#runtime;
    await loss.suspectInTime();
    return loss.error !== undefined;
  }

  /** Writes the host copies to the next backend that takes them. */
  async #recover(): Promise<void> {
    for (;;) {
      const next = await nextCandidate(this.#opening, this.#runtime.loss.error!).finally(() => {
        this.#onReport?.(this.#opening.report());
      });
      this.#onLeaving();
      try {
        restore(this.#copies!, this.#root, () => this.#runtime.use(next.backend));
        next.attach(this.#runtime.loss);
        return;
      } catch (cause) {
        if (this.#runtime.loss.error === undefined) this.#runtime.loss.lose(cause);
        else closeUnheard(next.backend);
      }
    }
  }
}

/** Nobody waits for the end of a backend that was of no use. */
function closeUnheard(backend: Backend): void {
  (async () => backend.close())().catch(() => {});
}
