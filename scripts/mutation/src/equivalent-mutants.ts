import type { Mutant } from "./mutants.ts";

export function isEquivalent(_mutant: Mutant): boolean {
  return false;
}
export function unusedArguments(_mutants: readonly Mutant[]): readonly string[] {
  return [];
}
