import {
  ASLEEP,
  BEATS,
  chunksLeft,
  controlOn,
  READY,
  SLEEPING,
  STATE,
  sayDead,
  TICKET,
  workerLine,
} from "./control.ts";
import { faultsOf } from "./faults.ts";
import { type KernelFunction, takesPart } from "./take-part.ts";
import type { WorkerSetup } from "./worker-setup.ts";

/** So many looks at the ticket, some 10 to 25 µs, before a worker goes to sleep: waking it costs the caller more than that. */
const LOOKS = 2000;

/**
 * The life of a worker: it takes part in every job until its thread is ended. Whatever it dies of, its state says so.
 * @param exit ends the thread at once
 */
export function serve(
  { module, memory, control: buffer, local, worker, faults }: WorkerSetup,
  exit: () => void,
): never {
  const control = controlOn(buffer);
  const { words } = control;
  const line = workerLine(worker);
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const functions = Object.values(exports) as KernelFunction[];
    const at = faults && faultsOf(faults, worker, exit);
    const takePart = takesPart({ control, functions, local, line, at });
    Atomics.store(words, line + STATE, READY);
    Atomics.notify(words, line + STATE);
    for (let ticket = Atomics.load(words, TICKET); ; ) {
      const done = takePart(ticket);
      words[line + BEATS]!++;
      ticket = Atomics.load(words, TICKET);
      for (let looks = LOOKS; ticket === done && looks > 0; looks--) ticket = Atomics.load(words, TICKET);
      if (ticket !== done) continue;
      Atomics.store(words, line + STATE, SLEEPING);
      Atomics.add(words, ASLEEP, 1);
      Atomics.wait(words, TICKET, done);
      Atomics.sub(words, ASLEEP, 1);
      Atomics.store(words, line + STATE, READY);
      ticket = Atomics.load(words, TICKET);
      // Whoever wakes up wakes the next one, so that the caller has to wake one only.
      if (chunksLeft(ticket) > 1 && Atomics.load(words, ASLEEP) > 0) Atomics.notify(words, TICKET, 1);
    }
  } catch (error) {
    sayDead(words, line);
    throw error;
  }
}
