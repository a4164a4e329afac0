/** So much of one look's delay counts as waiting: for the rest, this thread itself was held up. */
const LONGEST_LOOK_MS = 50;

/**
 * Waits until something is so, looking every millisecond.
 * @throws the reason of `signal`; Error that says `late` after so many milliseconds in which this thread was free
 */
export async function waitUntil(
  isSo: () => boolean,
  {
    signal,
    deadlineMs,
    late,
  }: { readonly signal: AbortSignal | undefined; readonly deadlineMs: number; readonly late: string },
): Promise<void> {
  let waited = 0;
  for (let before = performance.now(); ; ) {
    signal?.throwIfAborted();
    if (isSo()) return;
    if (waited > deadlineMs) throw new Error(late);
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = performance.now();
    waited += Math.min(now - before, LONGEST_LOOK_MS);
    before = now;
  }
}
