// Loads the instrumented sources in place of the written ones: import this before anything that imports those.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { turnOn } from "./mutant-switch.ts";
import type { Mutation } from "./mutants.ts";

// Where the program that makes the mutants leaves them.
const mutation: Mutation = JSON.parse(readFileSync(process.env.MUTATION_FILE!, "utf8"));
export const { width } = mutation;
export const isKernel: ReadonlySet<number> = new Set(
  mutation.mutants.flatMap(({ number, file }) => (file.startsWith("packages/backend-cpu/") ? [number] : [])),
);

const ranges = new Map<string, [first: number, last: number]>();
for (const { file, number } of mutation.mutants) ranges.set(file, [ranges.get(file)?.[0] ?? number, number]);
const files = new Map(mutation.mutants.map(({ file, number }) => [number, file]));

/** The first and the last mutant of the file that a mutant is in. */
export function rangeOf(mutant: number): readonly [first: number, last: number] {
  return ranges.get(files.get(mutant)!)!;
}

/** A mutant of what runs once, when its module is loaded, is on from the start. */
export const fromTheStart: string | undefined = process.env.MUTANT_FROM_THE_START;
if (fromTheStart !== undefined) turnOn(Number(fromTheStart), Number.POSITIVE_INFINITY);

registerHooks({
  load(url, context, next) {
    const source = url.startsWith("file:") ? mutation.code[fileURLToPath(url)] : undefined;
    return source === undefined ? next(url, context) : { format: "module-typescript", source, shortCircuit: true };
  },
});
