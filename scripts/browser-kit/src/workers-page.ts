import { workers } from "@surprisal/backend-workers";
import type { Backend } from "@surprisal/core";

const LENGTH = 400_000;

/** What is read of a handle that was filled often, so that it is not ready at once; the last time with this value. */
function filled(backend: Backend, value: number): Promise<ArrayLike<number>> {
  const y = backend.alloc("float", LENGTH);
  for (let i = 0; i < 50; i++) backend.kernels.fill({ y }, {}, { value: i, length: LENGTH });
  backend.kernels.fill({ y }, {}, { value, length: LENGTH });
  const reading = backend.read(y);
  backend.free(y);
  return reading;
}

/** What a page tries; each says in words how it ended. */
const trials = {
  /** Opens and closes again and again, with reads in flight. */
  async "again and again"(): Promise<string> {
    for (let i = 0; i < 20; i++) {
      const backend = await workers({ threads: 3 }).open({ onError() {} });
      const reading = filled(backend, i);
      await backend.close();
      if ((await reading)[LENGTH - 1] !== i) throw new Error(`round ${i}: another number`);
    }
    return "every number was right";
  },

  /** The page's thread is busy for longer than a silent coordinator is waited for. */
  async "a busy page"(): Promise<string> {
    const backend = await workers({ threads: 3 }).open({ onError() {} });
    const reading = filled(backend, 7);
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (const end = performance.now() + 5000; performance.now() < end; );
    const [value] = Array.from(await reading);
    const [next] = Array.from(await filled(backend, 8));
    await backend.close();
    return `${value}, ${next}`;
  },

  async "a signal"(): Promise<string> {
    const stop = new AbortController();
    const opening = workers({ threads: 3 }).open({ onError() {}, signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 1);
    return outcomeOf(opening);
  },

  async "a script that is not there"(): Promise<string> {
    return outcomeOf(workers({ threads: 3, workerUrl: "/nowhere.js" }).open({ onError() {} }));
  },

  async "a page that shares nothing"(): Promise<string> {
    return outcomeOf(workers().open({ onError() {} }));
  },
};

export type Trial = keyof typeof trials;

async function outcomeOf(opening: Backend | Promise<Backend>): Promise<string> {
  try {
    const backend = await opening;
    await backend.close();
    return "it opened";
  } catch (error) {
    return (error as Error).message;
  }
}

const trial = new URLSearchParams(location.search).get("trial") as Trial;
Object.assign(globalThis, { outcome: trials[trial]() });
