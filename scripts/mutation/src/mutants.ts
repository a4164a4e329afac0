import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Instrumenter } from "@stryker-mutator/instrumenter";

export const root: string = fileURLToPath(new URL("../../..", import.meta.url));

/** What is mutated: the plain kernels, and the loss in core. */
const sources = ["packages/backend-cpu/src/plain/*.ts", "packages/core/src/loss/*.ts"];

/** One deliberate mistake. */
export interface Mutant {
  /** What the instrumented code calls it. */
  readonly number: number;
  /** From the root of the repository. */
  readonly file: string;
  readonly line: number;
  /** The source line on which it begins, without its indentation. */
  readonly at: string;
  /** The kind of mistake, as StrykerJS calls it. */
  readonly mutator: string;
  /** The text that it replaces, and what with, in one line each. */
  readonly original: string;
  readonly replacement: string;
}

/** All mutants, and each source with all of them in it, which one switch turns on (mutant-switch.ts). */
export interface Mutation {
  readonly mutants: readonly Mutant[];
  /** Every number lies below it. */
  readonly width: number;
  /** Instrumented source by absolute path. */
  readonly code: Readonly<Record<string, string>>;
}

/** The helpers that instrumented code calls stand in a global: one pair for all modules. */
const header = "const { stryMutAct_9fa48, stryCov_9fa48 } = globalThis.surprisalMutants;\n";

const silent = new Proxy({}, { get: (_, name) => (String(name).startsWith("is") ? () => false : () => {}) });

/** Makes every mutant that StrykerJS knows. */
export async function makeMutants(): Promise<Mutation> {
  const files = globSync(sources, { cwd: root })
    .filter((file) => !file.endsWith(".test.ts"))
    .sort()
    .map((name) => ({ name, mutate: true as const, content: readFileSync(`${root}/${name}`, "utf8") }));
  const options = { plugins: null, ignorers: [], excludedMutations: [], noHeader: true };
  const made = await new Instrumenter(silent as never).instrument(files, options);
  const textOf = new Map(files.map(({ name, content }) => [name, content.split("\n")]));
  const mutants = made.mutants.map(({ id, fileName, mutatorName, replacement, location }) => ({
    number: Number(id),
    file: fileName,
    line: location.start.line + 1,
    at: textOf.get(fileName)![location.start.line]!.trim(),
    mutator: mutatorName,
    original: oneLine(cut(textOf.get(fileName)!, location)),
    replacement: oneLine(replacement),
  }));
  const code = Object.fromEntries(made.files.map(({ name, content }) => [`${root}${name}`, header + content]));
  return { mutants, width: Math.max(...mutants.map(({ number }) => number)) + 1, code };
}

type Position = { readonly line: number; readonly column: number };

function cut(lines: readonly string[], { start, end }: { readonly start: Position; readonly end: Position }): string {
  if (start.line === end.line) return lines[start.line]!.slice(start.column, end.column);
  const between = lines.slice(start.line + 1, end.line);
  return [lines[start.line]!.slice(start.column), ...between, lines[end.line]!.slice(0, end.column)].join("\n");
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}
