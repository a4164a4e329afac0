import type { World } from "./begin.ts";
import { controlOn, DEAD, STATE, workerLine } from "./control.ts";
import { serve } from "./serve.ts";
import type { WorkerSetup } from "./worker-setup.ts";

/** A worker that computes until its thread is ended. */
export function compute({ setup, exit, onExit }: World<WorkerSetup>): void {
  onExit(() => {
    Atomics.store(controlOn(setup.control).words, workerLine(setup.worker) + STATE, DEAD);
  });
  serve(setup, exit);
}
