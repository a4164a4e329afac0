import type { BackendProvider, Facts } from "@surprisal/core";
import type { Answer } from "./answer.ts";
import type { Case } from "./case.ts";
import { caseContext } from "./case-context.ts";
import { DeadlineError, within } from "./deadline.ts";
import { type InstrumentedBackend, instrument } from "./instrument.ts";
import type { Verdict } from "./report.ts";

/** A backend to prove. */
export interface Subject {
  /** How reports speak of it. */
  readonly name: string;
  /** A provider of the backend. Called again if the backend hangs or cannot be used any more. */
  create(): BackendProvider;
  /**
   * Cases that the backend is known to fail, and why. An id that no case has fails, and so does a skipped case that
   * would pass.
   */
  readonly skip?: Readonly<Record<string, string>> | undefined;
}

/** Opens the subject when the first case needs it, and runs one case after the other on it. */
export interface Session {
  run(subjectCase: Case): Promise<Verdict>;
  /** Closes the backend. The verdict says whether it closed without a failure. */
  close(): Promise<Verdict>;
  facts(): Facts | undefined;
}

export interface SessionOptions {
  readonly seed: number;
  /** The longest that one case may take, in milliseconds. */
  readonly deadline: number;
  readonly onAnswer?: ((answer: Answer) => void) | undefined;
}

/** A backend that hung so often is not given more time. */
const mostHangs = 3;

/** A session on a subject. Nothing is opened yet. */
export function session(subject: Subject, { seed, deadline, onAnswer }: SessionOptions): Session {
  let opened: InstrumentedBackend | undefined;
  let facts: Facts | undefined;
  let errors: Error[] = [];
  let hangs = 0;

  const open = async (): Promise<InstrumentedBackend> => {
    if (opened) return opened;
    const onError = (error: Error): void => {
      errors.push(error);
    };
    const opening = Promise.resolve(subject.create().open({ onError }));
    opened = instrument(await within(deadline, "open", opening));
    facts = opened.facts;
    return opened;
  };

  /** Throws if the case does not hold; a string is the reason why it does not apply. */
  const attempt = async (subjectCase: Case): Promise<Pick<Verdict, "worst" | "reason">> => {
    const backend = await open();
    const reason = subjectCase.needs?.(backend.facts, backend.kernels);
    if (reason !== undefined) return { reason };
    const running = caseContext(backend, subjectCase.id, seed, onAnswer);
    const before = backend.usage.live;
    errors = [];
    try {
      await within(deadline, subjectCase.id, Promise.resolve(subjectCase.run(running.context)));
    } finally {
      await running.end();
    }
    await within(deadline, "a read after the case", drain(backend));
    if (backend.usage.live !== before) throw new Error(`${backend.usage.live - before} handles were not freed`);
    if (errors[0]) throw new Error(`onError was called: ${errors[0].message}`, { cause: errors[0] });
    return { worst: running.worst() };
  };

  /** A backend that cannot be trusted any more is let go, and the next case opens another. */
  const abandon = (): void => {
    opened?.close().catch(() => {});
    opened = undefined;
  };

  const run = async (subjectCase: Case): Promise<Verdict> => {
    const { id, group } = subjectCase;
    const skip = subject.skip?.[id];
    if (hangs >= mostHangs) {
      return { id, group, status: "failed", message: `not run: the backend gave no answer in ${hangs} cases` };
    }
    try {
      const { worst, reason } = await attempt(subjectCase);
      if (skip !== undefined) return { id, group, status: "failed", message: "would pass: remove the skip", worst };
      return reason === undefined ? { id, group, status: "passed", worst } : { id, group, status: "skipped", reason };
    } catch (error) {
      if (error instanceof DeadlineError) hangs++;
      abandon();
      return skip === undefined
        ? { id, group, status: "failed", message: messageOf(error) }
        : { id, group, status: "skipped", reason: skip };
    }
  };

  const close = async (): Promise<Verdict> => {
    const verdict = { id: "backend/close", group: "backend" };
    try {
      if (opened) await within(deadline, "close", opened.close());
      return { ...verdict, status: "passed" };
    } catch (error) {
      return { ...verdict, status: "failed", message: messageOf(error) };
    } finally {
      opened = undefined;
    }
  };

  return { run, close, facts: () => facts };
}

/** Waits until everything enqueued so far has happened, so that a late failure is blamed on its own case. */
async function drain(backend: InstrumentedBackend): Promise<void> {
  const handle = backend.alloc("float", 1);
  try {
    backend.write(handle, [0]);
    await backend.read(handle);
  } finally {
    backend.free(handle);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
