import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./mutants.ts";
import type { TestAnswer, TestAssignment } from "./test-runner.ts";

const config = fileURLToPath(new URL("./vitest.config.ts", import.meta.url));

/** Workers that answer nothing for so long are in an endless loop. */
const silence = 60_000;

/** What each test runs, by its id: mutants with their hits. */
export type TestCoverage = readonly (readonly [test: string, mutants: readonly (readonly [number, number])[]])[];

/**
 * Runs the packages' own tests once as they are. `folder` is for files between processes.
 * @throws Error if they fail: then they could judge nothing
 */
export async function testCoverage(
  folder: string,
  width: number,
  mutants: readonly number[],
  env: Readonly<Record<string, string>>,
): Promise<TestCoverage> {
  const { code, answers } = await vitest(folder, env, { width, alive: mutants });
  if (code !== 0) throw new Error("the packages' own tests fail without a mutant");
  return answers.flatMap((one) => (one.kind === "covered" ? [[one.test, one.mutants] as const] : []));
}

/**
 * Which of the mutants that are still alive the packages' own tests kill; `onKill` is told of each. Returns those that only a
 * process of their own can tell.
 */
export async function ownTests(
  folder: string,
  width: number,
  alive: readonly number[],
  tests: TestCoverage,
  env: Readonly<Record<string, string>>,
  onKill: (mutant: number, test: string) => void,
): Promise<readonly number[]> {
  const waiting = new Set(alive);
  const doubted = new Set<number>();
  const kill = (mutant: number, test: string): void => {
    if (waiting.delete(mutant)) onKill(mutant, test);
  };
  for (;;) {
    const covered = Object.fromEntries(
      tests.map(([test, mutants]) => [test, mutants.filter(([mutant]) => waiting.has(mutant))]),
    );
    const { answers, code } = await vitest(folder, env, { width, alive, covered });
    const running = new Map<number, string>();
    for (const one of answers) {
      if (one.kind === "started") running.set(one.mutant, one.test);
      if (one.kind === "ended") running.delete(one.mutant);
      if (one.kind === "ended" && one.killed) kill(one.mutant, one.test);
      if (one.kind === "doubted") doubted.add(one.mutant);
    }
    if (code !== undefined) return [...doubted].filter((mutant) => waiting.has(mutant));
    // Those that were running when it fell silent do not end; the others have another go.
    for (const [mutant, test] of running) kill(mutant, `timeout in ${test}`);
    if (running.size === 0) throw new Error("vitest hangs, and on no mutant");
  }
}

/** Whether the packages' own tests fail with this mutant on from the start: for what runs when its module is loaded. */
export async function failsFromTheStart(
  folder: string,
  width: number,
  mutant: number,
  env: Readonly<Record<string, string>>,
): Promise<boolean> {
  const started = { ...env, MUTANT_FROM_THE_START: String(mutant) };
  return (await vitest(folder, started, { width, alive: [], covered: {} }, ["--bail=1"])).code !== 0;
}

/** Runs the tests. `code` is undefined if they had to be killed. */
async function vitest(
  folder: string,
  env: Readonly<Record<string, string>>,
  given: Omit<TestAssignment, "answers">,
  flags: readonly string[] = [],
): Promise<{ code: number | undefined; answers: readonly TestAnswer[] }> {
  const answers = join(folder, "answers.jsonl");
  const file = join(folder, "tests.json");
  rmSync(answers, { force: true });
  writeFileSync(file, JSON.stringify({ ...given, answers }));
  const child = spawn(
    process.execPath,
    [join(root, "node_modules/vitest/vitest.mjs"), "run", "--config", config, ...flags],
    {
      cwd: root,
      env: { ...process.env, ...env, MUTATION_TESTS: file },
      stdio: ["ignore", "ignore", "inherit"],
      detached: true,
    },
  );
  // Its workers too: it leads a group of its own.
  const kill = (): void => {
    process.kill(-child.pid!, "SIGKILL");
  };
  process.on("exit", kill);
  const code = await new Promise<number | undefined>((resolve) => {
    let size = 0;
    let since = Date.now();
    const watch = setInterval(() => {
      const now = existsSync(answers) ? statSync(answers).size : 0;
      if (now !== size) since = Date.now();
      size = now;
      if (Date.now() - since < silence) return;
      clearInterval(watch);
      kill();
      resolve(undefined);
    }, 1000);
    child.on("exit", (exitCode) => {
      clearInterval(watch);
      resolve(exitCode ?? undefined);
    });
  });
  process.off("exit", kill);
  const lines = existsSync(answers) ? readFileSync(answers, "utf8").split("\n").filter(Boolean) : [];
  return { code, answers: lines.map((line) => JSON.parse(line) as TestAnswer) };
}
