/** A queue whose jobs each run in a macrotask of their own, in order. */
export interface MacrotaskQueue {
  /** Appends a job. It must not throw. */
  push(job: () => void): void;
  /** Resolves when every job pushed so far has run. */
  drained(): Promise<void>;
}

/** An empty queue. */
export function macrotaskQueue(): MacrotaskQueue {
  const jobs: (() => void)[] = [];
  let first = 0;
  const next = (): void => {
    const job = jobs[first++];
    job?.();
    if (first < jobs.length) macrotask(next);
    else {
      jobs.length = 0;
      first = 0;
    }
  };
  const push = (job: () => void): void => {
    if (jobs.push(job) === 1) macrotask(next);
  };
  return { push, drained: () => new Promise((resolve) => push(resolve)) };
}

/** Runs `task` in a macrotask of its own. Timers are clamped to milliseconds; these two are not. */
function macrotask(task: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => unknown };
  if (setImmediate) {
    setImmediate(task);
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    task();
  };
  port2.postMessage(undefined);
}
