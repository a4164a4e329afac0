import type { Accelerator } from "./accelerator.ts";
import type { Call } from "./call.ts";
import type { Cell } from "./cell.ts";
import { makeCellValues } from "./cell-values.ts";
import { makeFailures } from "./failures.ts";
import { makeJobs } from "./jobs.ts";
import type { Programs } from "./programs.ts";
import { makeReads } from "./reads.ts";
import { makeRunCall } from "./run-call.ts";

/** Does what it is told in that order, each when the one before has been done. */
export interface Queue {
  call(call: Call): void;
  write(cell: Cell, data: Float32Array): void;
  fill(cell: Cell, value: number): void;
  free(cell: Cell): void;
  read(cell: Cell): Promise<Float32Array>;
  /** From now on everything fails. */
  lose(reason: string): void;
  /** Deletes everything. Rejects with the first failure that no read has told. */
  close(): Promise<void>;
}

export function makeQueue(programs: Programs, accelerator: Accelerator, onError: (error: Error) => void): Queue {
  const jobs = makeJobs();
  const failures = makeFailures(onError, (lost) => {
    reads.refuseAll(lost);
    values.dropAll();
    // The device may never answer.
    jobs.abandon();
  });
  const values = makeCellValues(programs, accelerator, failures);
  const runCall = makeRunCall(programs, values, failures);
  const reads = makeReads(programs, accelerator, values, failures);

  async function write(cell: Cell, data: Float32Array): Promise<void> {
    cell.failure = failures.lost;
    if (failures.lost || cell.length === 0) return;
    try {
      values.store(cell, await programs.upload(data));
    } catch (error) {
      cell.failure = failures.lost ?? failures.add(error);
    }
  }

  function fill(cell: Cell, value: number): void {
    cell.failure = failures.lost;
    values.fill(cell, value);
  }

  return {
    call: (call) => jobs.add(() => runCall(call)),
    write: (cell, data) => jobs.add(() => write(cell, data)),
    fill: (cell, value) => jobs.add(() => fill(cell, value)),
    free: (cell) => jobs.add(() => values.drop(cell)),
    read: (cell) => new Promise((resolve, reject) => jobs.add(() => reads.submit(cell, { resolve, reject }))),
    lose: failures.lose,
    async close() {
      await jobs.done();
      if (!failures.lost) await reads.arrived();
      values.dropAll();
      const untold = failures.untold();
      if (untold) throw untold.error;
    },
  };
}
