import type { Moment } from "./take-part.ts";
import type { FaultPlan } from "./worker-setup.ts";

/** What befalls a worker, moment by moment, under a plan. `exit` ends the thread at once. */
export function faultsOf(plan: FaultPlan, worker: number, exit: () => void): (moment: Moment) => void {
  let state = (plan.seed ^ Math.imul(worker + 1, 0x9e3779b9)) >>> 0;
  /** Mulberry32 (Ettinger 2017): a number in [0, 1). */
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const happens = (every: number | undefined): boolean => every !== undefined && random() < 1 / every;
  const nap = new Int32Array(new SharedArrayBuffer(4));
  return (moment) => {
    if (happens(plan.delayEvery)) Atomics.wait(nap, 0, 0, random() * (plan.lateness ?? 1));
    if (happens(plan.hangEvery)) for (;;) Atomics.load(nap, 0);
    if (!happens(plan.killEvery)) return;
    if (random() < 0.5) exit();
    throw new Error(`killed by plan, ${moment}`);
  };
}
