// How vitest runs a package's own tests in mutation.ts: once as they are, to see which mutants' code each test runs, and then
// each test once more for every mutant that it may kill.
import { appendFileSync, readFileSync } from "node:fs";
import { type RunnerTestCase, TestRunner } from "vitest";
import { mostHits, record, turnOff, turnOn } from "./mutant-switch.ts";

// A mutant of what runs once, when its module is loaded: the tests are run with it on, and that is all.
const fromTheStart = process.env.MUTANT_FROM_THE_START;
if (fromTheStart !== undefined) turnOn(Number(fromTheStart), Number.POSITIVE_INFINITY);

/** What the runner is told, by way of the environment. */
export interface TestAssignment {
  readonly width: number;
  /** The mutants that the kit left alive. */
  readonly alive: readonly number[];
  /** What each test runs, by its id: mutants with their hits; absent in the first run, which finds it out. */
  readonly covered?: Readonly<Record<string, readonly (readonly [mutant: number, hits: number])[]>> | undefined;
  /** Where answers are added, a line each. */
  readonly answers: string;
}

export type TestAnswer =
  | { readonly kind: "covered"; readonly test: string; readonly mutants: readonly (readonly [number, number])[] }
  | { readonly kind: "started"; readonly mutant: number; readonly test: string }
  | { readonly kind: "ended"; readonly mutant: number; readonly test: string; readonly killed: boolean }
  /** The test fails with the mutant, and afterwards without it too: it or one before has spoilt what the test works on. */
  | { readonly kind: "doubted"; readonly mutant: number };

const assignment: TestAssignment = JSON.parse(readFileSync(process.env.MUTATION_TESTS!, "utf8"));
const killed = new Set<number>();

function answer(one: TestAnswer): void {
  appendFileSync(assignment.answers, `${JSON.stringify(one)}\n`);
}

/** How far the repetitions of one test are. */
interface Course {
  readonly waiting: (readonly [mutant: number, hits: number])[];
  /** The test fails without a mutant: it judges no more. */
  isSpoilt: boolean;
}

const longest = 5000;

export default class MutationRunner extends TestRunner {
  readonly #courses = new Map<string, Course>();

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    await super.onBeforeRunTask(test);
    const waiting = [...(assignment.covered?.[test.id] ?? [])].filter(([mutant]) => !killed.has(mutant));
    this.#courses.set(test.id, { waiting, isSpoilt: false });
    // Repetitions have the hooks around each test.
    test.repeats = waiting.length;
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    const fn = TestRunner.getTestFn(test);
    const course = this.#courses.get(test.id)!;
    if (fromTheStart !== undefined) return void (await fn());
    if (assignment.covered === undefined) return this.#count(test, fn);
    if (test.result?.repeatCount === 0) {
      // A mutant that another test of the file judged may have spoilt what both work on.
      course.isSpoilt = !(await passes(fn));
    } else if (!course.isSpoilt) {
      const next = course.waiting.shift();
      if (next && !killed.has(next[0])) course.isSpoilt = !(await this.#judge(test, fn, ...next));
    }
  }

  async #count(test: RunnerTestCase, fn: () => unknown): Promise<void> {
    const counts = new Uint32Array(assignment.width);
    record(counts);
    try {
      await fn();
    } finally {
      record(undefined);
    }
    const mutants = assignment.alive.filter((mutant) => counts[mutant]! > 0).map((m) => [m, counts[m]!] as const);
    if (mutants.length > 0) answer({ kind: "covered", test: test.id, mutants });
  }

  /** Finds out whether the test kills the mutant. Says whether the test may judge on. */
  async #judge(test: RunnerTestCase, fn: () => unknown, mutant: number, hits: number): Promise<boolean> {
    const name = `${test.file.name}: ${test.name}`;
    answer({ kind: "started", mutant, test: name });
    turnOn(mutant, mostHits(hits));
    const hasFailed = !(await passes(fn));
    turnOff();
    const isSound = !hasFailed || (await passes(fn));
    if (hasFailed && isSound) killed.add(mutant);
    answer({ kind: "ended", mutant, test: name, killed: hasFailed && isSound });
    if (!isSound) answer({ kind: "doubted", mutant });
    return isSound;
  }
}

async function passes(fn: () => unknown): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("late")), longest);
  });
  try {
    await Promise.race([(async () => fn())(), late]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
