import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Mutant, Mutation } from "./mutants.ts";

/** What killed a mutant: a case of the kit or a test. */
export interface Kill {
  readonly kitCase?: string | undefined;
  readonly test?: string | undefined;
}

/**
 * The kills of earlier runs, as far as their files are what they were, in a file to which this run adds its own: half an
 * hour is not lost to a mistake at its end, and after a new case or test only what is still alive is judged. Without a file
 * it knows nothing.
 */
export class KnownKills {
  readonly #file: string | undefined;
  readonly #keys: ReadonlyMap<number, string>;
  readonly #kills = new Map<string, Kill>();

  constructor(file: string | undefined, { mutants, digests }: Mutation) {
    this.#file = file;
    const key = ({ file: source, at, nth, original, replacement }: Mutant): string =>
      JSON.stringify([digests[source], at, nth, original, replacement]);
    this.#keys = new Map(mutants.map((mutant) => [mutant.number, key(mutant)]));
    if (file === undefined || !existsSync(file)) return;
    const current = new Set(this.#keys.values());
    for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
      const { mutant, ...kill } = JSON.parse(line);
      if (current.has(mutant)) this.#kills.set(mutant, kill);
    }
  }

  get size(): number {
    return this.#kills.size;
  }

  of(mutant: number): Kill | undefined {
    return this.#kills.get(this.#keys.get(mutant)!);
  }

  add(mutant: number, kill: Kill): void {
    const key = this.#keys.get(mutant)!;
    this.#kills.set(key, kill);
    if (this.#file) appendFileSync(this.#file, `${JSON.stringify({ mutant: key, ...kill })}\n`);
  }
}
