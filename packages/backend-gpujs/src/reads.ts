import type { Accelerator } from "./accelerator.ts";
import type { Cell } from "./cell.ts";
import type { CellValues } from "./cell-values.ts";
import type { Failure, Failures } from "./failures.ts";
import { errorOf } from "./faults.ts";
import type { Programs, Reading } from "./programs.ts";

/** Who waits for a read. */
interface Reader {
  resolve(values: Float32Array): void;
  reject(error: Error): void;
}

export interface Reads {
  /** Resolves when the read is submitted; when it arrives, the reader is told. It never rejects. */
  submit(cell: Cell, reader: Reader): Promise<void>;
  /** Rejects all that are under way. */
  refuseAll(failure: Failure): void;
  /** Resolves when those under way have arrived. */
  arrived(): Promise<unknown>;
}

/** The value and, behind it, a number that only this read knows: a driver that answers zeros, or an old answer, shows. */
const readSource = `function (x, guard, length, token) {
  if (this.thread.x < length) return x[this.thread.x];
  return guard[0] * token;
}`;

export function makeReads(programs: Programs, accelerator: Accelerator, values: CellValues, failures: Failures): Reads {
  const underWay = new Map<Reader, Promise<void>>();
  let token = 0;

  /** Resolves when the read is submitted, with what will arrive. */
  async function launch(cell: Cell, mine: number): Promise<Pick<Reading, "arrival">> {
    const arrays = await values.arraysOf([cell, values.guard]);
    if (failures.lost) throw failures.lost.error;
    const { submitted, arrival } = programs.readBack(
      readSource,
      { arrays, sizes: [cell.length, mine] },
      cell.length + 1,
    );
    arrival.catch(() => {});
    await submitted?.catch(() => {});
    return { arrival };
  }

  async function receive(arrival: Promise<Float32Array>, length: number, mine: number): Promise<Float32Array> {
    const found = await arrival;
    noticeLoss();
    if (found[length] !== mine) {
      failures.lose("a read lacks the number behind it: a kernel did not run, or the read is old");
    }
    if (failures.lost) throw failures.lost.error;
    return found.slice(0, length);
  }

  function noticeLoss(): void {
    const reason = accelerator.lost();
    if (reason !== undefined) failures.lose(reason);
  }

  function refuse(reader: Reader, failure: Failure): void {
    failure.reported = true;
    reader.reject(failure.error);
  }

  return {
    async submit(cell, reader) {
      const cause = failures.lost ?? cell.failure;
      if (cause) return refuse(reader, cause);
      if (cell.length === 0) return reader.resolve(new Float32Array(0));
      token = (token % 65_536) + 1;
      const mine = token;
      const submission = launch(cell, mine);
      const settled = submission
        .then(({ arrival }) => receive(arrival, cell.length, mine))
        .then(reader.resolve, (error: unknown) => {
          noticeLoss();
          refuse(reader, failures.lost ?? { error: errorOf(error), reported: true });
        })
        .finally(() => underWay.delete(reader));
      underWay.set(reader, settled);
      // Only its place is the queue's affair; its arrival is waited for elsewhere.
      await submission.catch(() => {});
    },
    refuseAll(failure) {
      for (const reader of underWay.keys()) refuse(reader, failure);
      underWay.clear();
    },
    arrived: () => Promise.all(underWay.values()),
  };
}
