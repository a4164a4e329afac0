import type { Backend } from "../backend.ts";
import { Device } from "../device.ts";
import { macrotask } from "../macrotask.ts";
import type { Candidate } from "./candidate.ts";
import { lease } from "./lease.ts";
import type { Workload } from "./workload.ts";
import { prepared, type Run } from "./workload-run.ts";

/** A measurement takes so long or longer: clocks of browsers count in tenths of milliseconds. */
const MEASURED_MS = 4;

/** So many runs may be in one measurement. */
const MOST_RUNS = 1000;

/** More measurements than these make no median better. */
const MOST_MEASUREMENTS = 31;

/** A candidate in the race: what it runs, how often in one measurement, and what was measured. */
interface Runner {
  readonly candidate: Candidate;
  /** Holds what the workload needs; closed when all is measured. */
  readonly device: Device;
  readonly measure: (times: number) => Promise<number>;
  times: number;
  readonly measured: number[];
}

/**
 * Times the workload on all candidates, in turns, so that what else the machine does meets all of them alike: a first run
 * each that does not count, and then measurements until the budget, in milliseconds, is spent. A candidate's time is the
 * median of its own; where the first run took longer than all of the budget, that is its time. One that fails or gives no
 * answer drops out.
 */
export async function timeCandidates(
  candidates: readonly Candidate[],
  workload: Workload,
  budget: number,
): Promise<void> {
  const begun = performance.now();
  const runners: Runner[] = [];
  for (const candidate of candidates) {
    const runner = await candidate.ask("workload", (backend) => runnerOn(candidate, backend, workload));
    if (runner === undefined) continue;
    runners.push(runner);
    await warmUp(runner, budget);
  }
  const isSpent = (): boolean => performance.now() - begun >= budget;
  for (let round = 0; round < MOST_MEASUREMENTS && !(round > 0 && isSpent()); round++) {
    for (const runner of runners) await measureOnce(runner);
  }
  for (const { candidate, measured, device } of runners) {
    if (measured.length > 0) candidate.timed({ milliseconds: median(measured), measurements: measured.length });
    if (candidate.isFit) await candidate.ask("workload", () => device.close());
  }
}

/** Its first runs, which say how many a measurement needs. */
async function warmUp(runner: Runner, budget: number): Promise<void> {
  const { candidate, measure } = runner;
  const first = await candidate.ask("workload", () => measure(1));
  if (first === undefined) return;
  if (first > budget) {
    candidate.timed({ milliseconds: first, measurements: 0 });
    return;
  }
  const second = await candidate.ask("workload", () => measure(1));
  if (second !== undefined) runner.times = Math.ceil(Math.max(1, Math.min(MOST_RUNS, MEASURED_MS / second)));
}

async function measureOnce({ candidate, measure, times, measured }: Runner): Promise<void> {
  if (!candidate.isFit || candidate.timing !== undefined) return;
  const milliseconds = await candidate.ask("workload", () => measure(times));
  if (milliseconds !== undefined) measured.push(milliseconds / times);
}

/** The workload on a backend, ready to be measured: until all that its runs enqueued has happened. */
function runnerOn(candidate: Candidate, backend: Backend, workload: Workload): Runner {
  const device = new Device(lease(backend));
  const marker = device.tensor([0]);
  const run: Run =
    typeof workload === "function" ? () => onItsOwnDevice(backend, workload) : prepared(workload, device);
  const measure = async (times: number): Promise<number> => {
    await macrotask();
    const begun = performance.now();
    for (let i = 0; i < times; i++) await run();
    await marker.data();
    return performance.now() - begun;
  };
  return { candidate, device, measure, times: 1, measured: [] };
}

/** A user's function may leave tensors behind; they end with the device that it is given. */
async function onItsOwnDevice(backend: Backend, workload: (device: Device) => unknown): Promise<void> {
  const device = new Device(lease(backend));
  await workload(device);
  await device.close();
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
