import { createRequire } from "node:module";
import { casesVersion } from "@surprisal/conformance";
import type { Mutant } from "./mutants.ts";

/** A mutant and who killed it. */
export interface Judged extends Mutant {
  readonly kitCase: string | undefined;
  readonly test: string | undefined;
  /** Why nothing can tell it from the right code (equivalent-mutants.ts). */
  readonly why: string | undefined;
}

/** What killed a mutant. */
export function killerOf({ kitCase, test }: Judged): string | undefined {
  return kitCase ?? test;
}

/** The part that was killed, of all. */
export function scoreOf(judged: readonly Judged[]): number {
  return judged.filter((one) => killerOf(one) !== undefined).length / judged.length;
}

/** A mutant in one line. */
export function shortOf({ file, line, mutator, original, replacement }: Mutant): string {
  return `${file}:${line} ${mutator}: ${original} → ${replacement}`;
}

/** Where and how a run was made. */
export interface RunOf {
  readonly command: string;
  readonly environment: string;
  readonly minutes: number;
  /** Whether the kills of an earlier run were known (`--resume`), so that the minutes are those of the rest. */
  readonly resumed: boolean;
}

/** docs/mutation.md. */
export function mutationPage(judged: readonly Judged[], { command, environment, minutes, resumed }: RunOf): string {
  const { version } = createRequire(import.meta.url)("@stryker-mutator/instrumenter/package.json");
  const counted = judged.filter(({ why }) => why === undefined);
  const left = counted.filter((one) => killerOf(one) === undefined);
  const files = [...new Set(judged.map(({ file }) => file))];
  return `# The last mutation run

\`node scripts/bootstrap.mjs ${command}\` makes every mutant that StrykerJS knows of the plain kernels and of the loss in core, and looks for what kills it: the quick tier of the conformance kit (seed 1) on plain in float64, the kernels also in float32, core also with plain's required kernels alone and with cpu's fusions, and then the packages' own tests ([decision 16](decisions/0016-who-checks-the-checks.md)). This page is what \`--write\` left.

${environment}, StrykerJS ${version}, case set ${casesVersion}, ${minutes.toFixed(0)} minutes${resumed ? ", resumed: what an earlier run had killed was not judged again" : ""}.

**${percent(scoreOf(judged))} of ${judged.length} mutants are killed**, and ${percent(scoreOf(counted))} of those that anything could tell from the right code: ${judged.length - counted.length} are argued in [equivalent-mutants.ts](../scripts/mutation/src/equivalent-mutants.ts) to be equivalent. The column "killed" counts those against a file too.

| file | mutants | killed by the kit | by own tests alone | equivalent | left | killed |
|---|---|---|---|---|---|---|
${[
  ...files.map((file) =>
    row(
      `\`${file}\``,
      judged.filter((one) => one.file === file),
    ),
  ),
  row("all", judged),
].join("\n")}

## Left alive

${left.length === 0 ? "None." : left.map((one) => `- \`${shortOf(one).replaceAll("`", "´")}\``).join("\n")}
`;
}

function row(name: string, judged: readonly Judged[]): string {
  const kit = judged.filter(({ kitCase }) => kitCase !== undefined).length;
  const tests = judged.filter(({ kitCase, test }) => kitCase === undefined && test !== undefined).length;
  const equivalent = judged.filter((one) => killerOf(one) === undefined && one.why !== undefined).length;
  const left = judged.length - kit - tests - equivalent;
  return `| ${[name, judged.length, kit, tests, equivalent, left, percent(scoreOf(judged))].join(" | ")} |`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
