// Mutation testing of the plain kernels and of the loss in core. StrykerJS' instrumenter makes the mutants, all in one
// build with a switch. Each is judged by the kit's quick tier, and what is left alive by the packages' own tests.
//   pnpm mutation [--only TEXT] [--jobs N] [--json FILE] [--resume FILE] [--write]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cases } from "@surprisal/conformance";
import { unusedArguments, whyEquivalent } from "./equivalent-mutants.ts";
import { Judge } from "./judges.ts";
import { KnownKills } from "./known-kills.ts";
import { type Mutant, makeMutants, root } from "./mutants.ts";
import { type Judged, killerOf, mutationPage, scoreOf, shortOf } from "./mutation-page.ts";
import { failsFromTheStart, ownTests, testCoverage } from "./own-tests.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "3" },
    json: { type: "string" },
    resume: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

const start = performance.now();
const mutation = await makeMutants();
const folder = mkdtempSync(join(tmpdir(), "mutation-"));
const env = { MUTATION_FILE: join(folder, "mutation.json"), MUTATION_COUNTS: join(folder, "counts.bin") };
const judges = Array.from({ length: Math.max(1, Number(values.jobs) || 1) }, () => new Judge(env));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
process.on("exit", () => {
  for (const judge of judges) judge.close();
  rmSync(folder, { recursive: true });
});

const kills = new KnownKills(values.resume, mutation);
const resumed = kills.size > 0;

/** Gives each mutant that is alive to the next judge that is free, which takes so much of the processor's time for it. */
async function byKit(mutants: readonly Mutant[], budget: number): Promise<void> {
  const waiting = mutants.filter(({ number }) => kills.of(number) === undefined);
  const count = waiting.length;
  await Promise.all(
    judges.map(async (judge) => {
      for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
        const { killedBy } = await judge.judge(mutant.number, budget);
        if (killedBy !== undefined) kills.add(mutant.number, { kitCase: killedBy });
        tell(`${count - waiting.length} of ${count} judged by the kit, ${kills.size} killed`);
      }
    }),
  );
}

let told = 0;
function tell(progress: string): void {
  if (performance.now() - told < 10_000) return;
  told = performance.now();
  console.error(`${((told - start) / 60_000).toFixed(1)} min: ${progress}`);
}

writeFileSync(env.MUTATION_FILE, JSON.stringify(mutation));
const { width } = mutation;
const quickCases = cases.filter(({ tier }) => tier === "quick").length;
const chosen = mutation.mutants.filter(({ file }) => file.includes(values.only));
const alive = (): readonly Mutant[] => chosen.filter(({ number }) => kills.of(number) === undefined);
const numbersOf = (mutants: readonly Mutant[]): readonly number[] => mutants.map(({ number }) => number);

// Both must pass without a mutant, or they judge nothing.
const tests = await testCoverage(folder, width, numbersOf(chosen), env);
await judges[0]!.count();
tell("all has passed without mutants");
// A shorter look at first: most mutants do not live long. An earlier run has taken it.
if (kills.size === 0) await byKit(chosen, 800);
tell("the tests of the packages judge what the kit has left");
const doubted = await ownTests(folder, width, numbersOf(alive()), tests, env, (mutant, test) =>
  kills.add(mutant, { test }),
);

// What runs when its module is loaded, or when a backend is opened (which the first case of a subject does), cannot be
// switched case by case: a process each, with the mutant on from the start.
const counts = new Uint32Array(new Uint8Array(readFileSync(env.MUTATION_COUNTS)).buffer);
const isRun = new Set<number>();
for (const [i, count] of counts.entries()) {
  if (count > 0 && Math.floor(i / width) % quickCases > 0) isRun.add(i % width);
}
await byKit(
  alive().filter((mutant) => isRun.has(mutant.number) && whyEquivalent(mutant) === undefined),
  6000,
);
for (const judge of judges) judge.close();
const atLoading = alive().filter(({ number }) => !isRun.has(number));
const waiting = [...atLoading];
await Promise.all(
  judges.map(async () => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const judge = new Judge({ ...env, MUTANT_FROM_THE_START: String(mutant.number) });
      const { killedBy } = await judge.judge(mutant.number, 6000);
      judge.close();
      if (killedBy !== undefined) kills.add(mutant.number, { kitCase: killedBy });
      tell(`${waiting.length} to be judged from the start`);
    }
  }),
);
const untold = new Set([...numbersOf(atLoading), ...doubted].filter((number) => kills.of(number) === undefined));
for (const number of untold) {
  tell("the tests of the packages judge in processes of their own");
  const isKilled = await failsFromTheStart(folder, width, number, env);
  if (isKilled) kills.add(number, { test: "tests of its package" });
}

const judged: Judged[] = chosen.map((mutant) => {
  const { kitCase, test } = kills.of(mutant.number) ?? {};
  return { ...mutant, kitCase, test, why: whyEquivalent(mutant) };
});
if (values.json) writeFileSync(values.json, JSON.stringify(judged, undefined, 1));
const wrongly = judged.filter((one) => one.why !== undefined && killerOf(one) !== undefined);
for (const one of wrongly) console.error(`argued as equivalent, but killed by ${killerOf(one)}: ${shortOf(one)}`);
for (const argument of values.only ? [] : unusedArguments(chosen)) {
  console.error(`argued as equivalent, but there is no such mutant: ${argument}`);
}
const page = mutationPage(judged, {
  command: "pnpm mutation --write",
  environment: `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
  minutes: (performance.now() - start) / 60_000,
  resumed,
});
console.log(page);
if (values.write) writeFileSync(join(root, "docs/mutation.md"), page);
if (wrongly.length > 0 || scoreOf(judged.filter(({ why }) => why === undefined)) < 0.95) process.exitCode = 1;
