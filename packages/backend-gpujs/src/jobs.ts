import { nextTurn } from "./event-loop.ts";

type Job = () => void | Promise<void>;

/** Runs jobs one after the other. No job throws. */
export interface Jobs {
  add(job: Job): void;
  /** From now on waits for no job, that under way included. */
  abandon(): void;
  /** Resolves when there is none left. */
  done(): Promise<void>;
}

/** How long jobs may hold the event loop, in milliseconds. */
const TURN_MS = 8;

export function makeJobs(): Jobs {
  const jobs: Job[] = [];
  let running: Promise<void> | undefined;
  let abandoned = false;
  let stopWaiting = (): void => {};

  // Every job waits for the one before: gpu.js' WebGPU kernels hand their result over in a promise.
  async function drain(): Promise<void> {
    let since = performance.now();
    for (let i = 0; i < jobs.length; i++) {
      const waiting = jobs[i]!();
      if (waiting) await endOf(waiting);
      if (performance.now() - since < TURN_MS) continue;
      jobs.splice(0, i + 1);
      i = -1;
      await nextTurn();
      since = performance.now();
    }
    jobs.length = 0;
    running = undefined;
  }

  function endOf(waiting: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      stopWaiting = resolve;
      void waiting.then(resolve);
      if (abandoned) resolve();
    });
  }

  return {
    add(job) {
      jobs.push(job);
      running ??= Promise.resolve().then(drain);
    },
    abandon() {
      abandoned = true;
      stopWaiting();
    },
    async done() {
      while (running) await running;
    },
  };
}
