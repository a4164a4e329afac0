import type { AnyWorkload, Errors, Ready } from "./contender.ts";
import { type Effort, interleave } from "./interleave.ts";
import { ratios, type Spread, spread } from "./statistics.ts";

/** What one contender did at one shape. */
export interface Result {
  readonly name: string;
  readonly ours: boolean;
  readonly says: string;
  readonly device: string;
  readonly errors: Errors;
  /** Milliseconds a run. */
  readonly time: Spread;
  /** Work a second at the median time. */
  readonly rate: { readonly unit: string; readonly value: number };
  /**
   * This time as a multiple of each right contender's of ours, by name: the spread of the rounds' ratios. Empty where this
   * answer is wrong.
   */
  readonly multipleOf: Readonly<Record<string, Spread>>;
}

/** All contenders side by side at one shape. */
export interface ShapeReport {
  readonly workload: string;
  readonly shape: string;
  readonly rounds: number;
  /** Average of runnable threads on the machine, before and after. */
  readonly load: readonly [before: number, after: number];
  readonly results: readonly Result[];
}

/**
 * Sets every contender up, asks each for its answer, and times them in turns.
 * @param load how busy the machine is
 */
export async function compareContenders(
  workload: AnyWorkload,
  shape: string,
  effort: Effort,
  load: () => number | Promise<number>,
): Promise<ShapeReport> {
  const problem: unknown = workload.problem(shape);
  const ready: Ready<unknown>[] = [];
  try {
    for (const contender of workload.contenders) ready.push(await contender.setup(problem));
    const errors: Errors[] = [];
    for (const { read, precision } of ready) errors.push(workload.judge(problem, await read(), precision));
    const before = await load();
    const samples = await interleave(
      ready.map(({ run }) => run),
      effort,
    );
    const { unit, perSecond } = workload.work(problem);
    const results = workload.contenders.map(({ name, ours, says }, i): Result => {
      const time = spread(samples[i]!);
      const multipleOf: Record<string, Spread> = {};
      for (const [j, other] of workload.contenders.entries()) {
        const right = errors[i]!.fault === undefined && errors[j]!.fault === undefined;
        if (other.ours && right && j !== i) multipleOf[other.name] = ratios(samples[i]!, samples[j]!);
      }
      const rate = { unit, value: perSecond / (time.median / 1000) };
      return { name, ours, says, device: ready[i]!.device, errors: errors[i]!, time, rate, multipleOf };
    });
    return { workload: workload.name, shape, rounds: effort.rounds, load: [before, await load()], results };
  } finally {
    for (const { dispose } of ready) await dispose();
  }
}
