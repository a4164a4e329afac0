/** Thrown when a promise had not settled in time. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** `work`, or a DeadlineError after `milliseconds`. The timer is cleared either way. */
export async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`${what}: no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
