// Mutation testing of the plain kernels and of the loss in core. StrykerJS' instrumenter makes the mutants, all in one
// build with a switch. Each is judged by the kit's quick tier, and what is left alive by the packages' own tests.
//   pnpm mutation [--only TEXT] [--jobs N] [--json FILE] [--write]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unusedArguments, whyEquivalent } from "./equivalent-mutants.ts";
import { Judge } from "./judges.ts";
import { type Mutant, makeMutants, root } from "./mutants.ts";
import { type Judged, killerOf, mutationPage, scoreOf, shortOf } from "./mutation-page.ts";
import { failsFromTheStart, ownTests } from "./own-tests.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "3" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

const start = performance.now();
const mutation = await makeMutants();
const folder = mkdtempSync(join(tmpdir(), "mutation-"));
const env = { MUTATION_FILE: join(folder, "mutation.json"), MUTATION_COUNTS: join(folder, "counts.bin") };
const judges = Array.from({ length: Number(values.jobs) }, () => new Judge(env));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
process.on("exit", () => {
  for (const judge of judges) judge.close();
  rmSync(folder, { recursive: true });
});

/** Gives each mutant to the next judge that is free, which takes so many milliseconds for it. */
async function byKit(mutants: readonly Mutant[], budget: number): Promise<Map<number, string>> {
  const killedBy = new Map<number, string>();
  const waiting = [...mutants];
  await Promise.all(
    judges.map(async (judge) => {
      for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
        const { killedBy: id } = await judge.judge(mutant.number, budget);
        if (id !== undefined) killedBy.set(mutant.number, id);
        tell(`${mutants.length - waiting.length} of ${mutants.length} judged by the kit, ${killedBy.size} killed`);
      }
    }),
  );
  return killedBy;
}

let told = 0;
function tell(progress: string): void {
  if (performance.now() - told < 10_000) return;
  told = performance.now();
  console.error(`${((told - start) / 60_000).toFixed(1)} min: ${progress}`);
}

writeFileSync(env.MUTATION_FILE, JSON.stringify(mutation));
await judges[0]!.count();
tell("the kit has been run without mutants");
const chosen = mutation.mutants.filter(({ file }) => file.includes(values.only));
const kit = await byKit(chosen, 3000);
const doubtful = chosen.filter(({ number }) => !kit.has(number));
const tests = new Map(
  await ownTests(
    folder,
    mutation.width,
    doubtful.map(({ number }) => number),
    env,
  ),
);
const left = doubtful.filter(({ number }) => !tests.has(number));

// What runs when its module is loaded cannot be switched: a process each, with the mutant on from the start.
const counts = new Uint32Array(new Uint8Array(readFileSync(env.MUTATION_COUNTS)).buffer);
const isRun = new Set<number>();
for (const [i, count] of counts.entries()) if (count > 0) isRun.add(i % mutation.width);
const atLoading = left.filter(({ number }) => !isRun.has(number));
await Promise.all(
  judges.map(async (previous) => {
    previous.close();
    for (let mutant = atLoading.shift(); mutant; mutant = atLoading.shift()) {
      tell(`${atLoading.length} to be judged from the start`);
      const judge = new Judge({ ...env, MUTANT_FROM_THE_START: String(mutant.number) });
      const { killedBy } = await judge.judge(mutant.number, 6000);
      judge.close();
      if (killedBy !== undefined) kit.set(mutant.number, killedBy);
    }
  }),
);
for (const { number } of left.filter((mutant) => !isRun.has(mutant.number) && !kit.has(mutant.number))) {
  if (await failsFromTheStart(folder, mutation.width, number, env)) tests.set(number, "tests of its package");
}

const judged: Judged[] = chosen.map((mutant) => ({
  ...mutant,
  kitCase: kit.get(mutant.number),
  test: tests.get(mutant.number),
  why: whyEquivalent(mutant),
}));
if (values.json) writeFileSync(values.json, JSON.stringify(judged, undefined, 1));
const wrongly = judged.filter((one) => one.why !== undefined && killerOf(one) !== undefined);
for (const one of wrongly) console.error(`argued as equivalent, but killed by ${killerOf(one)}: ${shortOf(one)}`);
for (const argument of values.only ? [] : unusedArguments(chosen)) {
  console.error(`argued as equivalent, but there is no such mutant: ${argument}`);
}
const page = mutationPage(judged, {
  command: `pnpm mutation ${process.argv.slice(2).join(" ")}`.trim(),
  environment: `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
  minutes: (performance.now() - start) / 60_000,
});
console.log(page);
if (values.write) writeFileSync(join(root, "docs/mutation.md"), page);
if (wrongly.length > 0 || scoreOf(judged) < 0.95) process.exitCode = 1;
