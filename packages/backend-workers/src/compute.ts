import type { World } from "./begin.ts";
import { controlOn, sayDead, workerLine } from "./control.ts";
import { serve } from "./serve.ts";
import type { WorkerSetup } from "./worker-setup.ts";

/** A worker that computes until its thread is ended. */
export function compute({ setup, exit, onExit }: World<WorkerSetup>): void {
  onExit(() => sayDead(controlOn(setup.control).words, workerLine(setup.worker)));
  serve(setup, exit);
}
