import type { Mutant } from "./mutants.ts";

/** A mutant and who killed it. */
export interface Judged extends Mutant {
  readonly kitCase: string | undefined;
  readonly test: string | undefined;
  /** Whether equivalent-mutants.ts argues that nothing can tell it from the right code. */
  readonly isEquivalent: boolean;
}

/** A mutant in one line. */
export function shortOf({ file, line, mutator, original, replacement }: Mutant): string {
  return `${file}:${line} ${mutator}: ${original} → ${replacement}`;
}

export function mutationPage(judged: readonly Judged[], minutes: number): string {
  const k = judged.filter((j) => j.kitCase !== undefined).length;
  const t = judged.filter((j) => j.kitCase === undefined && j.test !== undefined).length;
  return `${judged.length} mutants, ${k} by kit, ${t} by tests, ${judged.length - k - t} alive, ${minutes.toFixed(1)} min`;
}
