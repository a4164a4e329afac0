/** A promise had not settled in time. */
export class LateError extends Error {
  override readonly name = "LateError";
}

/** How long to wait for a candidate, and what ends the wait at once. */
export interface Patience {
  /** Milliseconds for each thing that a candidate is asked for. */
  readonly deadline: number;
  signal: AbortSignal | undefined;
}

/**
 * What `work` gives. Rejects with a LateError once the deadline has passed, and with the signal's reason once that is
 * aborted; `work` is then on its own, and what it gives or throws is heard by nobody.
 */
export async function within<T>({ deadline, signal }: Patience, what: string, work: () => T | Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  let stop = (): void => {};
  const given = new Promise<never>((_, reject) => {
    const late = (): void => reject(new LateError(`${what}: no answer within ${deadline} ms`));
    const timer = setTimeout(late, deadline);
    const aborted = (): void => reject(signal!.reason);
    signal?.addEventListener("abort", aborted);
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    };
  });
  try {
    return await Promise.race([(async () => work())(), given]);
  } finally {
    stop();
  }
}
