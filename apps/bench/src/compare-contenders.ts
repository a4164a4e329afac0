import type { AnyWorkload, Contender, Errors, Ready } from "./contender.ts";
import { type Effort, interleave } from "./interleave.ts";
import { ratios, type Spread, spread } from "./statistics.ts";

/** What one contender did at one shape. */
export interface Result {
  readonly name: string;
  readonly library: string;
  readonly ours: boolean;
  readonly says: string;
  readonly device: string;
  readonly errors: Errors;
  /** Milliseconds a run. */
  readonly time: Spread;
  /** The rounds that it took part in. */
  readonly rounds: number;
  /** Work a second at the median time. */
  readonly rate: { readonly unit: string; readonly value: number };
  /**
   * This time as a multiple of each right contender's of ours, by name: the spread of the rounds' ratios. Empty where this
   * answer is wrong.
   */
  readonly multipleOf: Readonly<Record<string, Spread>>;
}

/** A contender that could not take part. */
export interface Absent {
  readonly name: string;
  readonly library: string;
  readonly reason: string;
}

/** All contenders side by side at one shape. */
export interface ShapeReport {
  readonly workload: string;
  readonly shape: string;
  readonly rounds: number;
  /** Average of runnable threads on the machine, before and after. */
  readonly load: readonly [before: number, after: number];
  readonly results: readonly Result[];
  readonly absent: readonly Absent[];
}

type AnyContender = Contender<unknown, unknown>;
type Taking = { readonly contender: AnyContender; readonly ready: Ready<unknown>; readonly errors: Errors };

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
  const taking: Taking[] = [];
  const absent: Absent[] = [];
  try {
    for (const contender of workload.contenders as readonly AnyContender[]) {
      try {
        taking.push(await judged(workload, contender, problem));
      } catch (error) {
        if (contender.ours) throw error;
        absent.push({ name: contender.name, library: contender.library, reason: firstLine(error) });
      }
    }
    const before = await load();
    const samples = await interleave(
      taking.map(({ ready }) => ready),
      { ...effort, ...workload.effort },
    );
    const { unit, perSecond } = workload.work(problem);
    const results = taking.map(({ contender: { name, library, ours, says }, ready, errors }, i): Result => {
      const time = spread(samples[i]!);
      const multipleOf: Record<string, Spread> = {};
      for (const [j, other] of taking.entries()) {
        const right = errors.fault === undefined && other.errors.fault === undefined;
        if (other.contender.ours && right && j !== i) {
          multipleOf[other.contender.name] = ratios(samples[i]!, samples[j]!);
        }
      }
      const rate = { unit, value: perSecond / (time.median / 1000) };
      const rounds = samples[i]!.length;
      return { name, library, ours, says, device: ready.device, errors, time, rounds, rate, multipleOf };
    });
    return { workload: workload.name, shape, rounds: effort.rounds, load: [before, await load()], results, absent };
  } finally {
    for (const { ready } of taking) await ready.dispose();
  }
}

/** A contender with the problem in its memory, and what float64 says to its answer. */
async function judged(workload: AnyWorkload, contender: AnyContender, problem: unknown): Promise<Taking> {
  const ready = await contender.setup(problem);
  try {
    return { contender, ready, errors: workload.judge(problem, await ready.read(), ready.precision) };
  } catch (error) {
    await ready.dispose();
    throw error;
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 200);
}
