import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Mutation } from "./mutants.ts";

/** What killed a mutant: a case of the kit or a test. */
export interface Kill {
  readonly mutant: number;
  readonly kitCase?: string | undefined;
  readonly test?: string | undefined;
}

/**
 * The kills of earlier runs of the same sources, in a file to which this run adds its own: half an hour is not lost to a
 * mistake at its end, and after a new case or test only what is still alive is judged. Without a file it knows nothing.
 */
export class KnownKills {
  readonly #file: string | undefined;
  readonly #sources: string;
  readonly all: Map<number, Kill> = new Map();

  constructor(file: string | undefined, { code }: Mutation) {
    this.#file = file;
    this.#sources = createHash("sha256").update(JSON.stringify(code)).digest("hex");
    if (file === undefined || !existsSync(file)) return;
    for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
      const { sources, ...kill } = JSON.parse(line);
      if (sources === this.#sources) this.all.set(kill.mutant, kill);
    }
  }

  add(kill: Kill): void {
    this.all.set(kill.mutant, kill);
    if (this.#file) appendFileSync(this.#file, `${JSON.stringify({ sources: this.#sources, ...kill })}\n`);
  }

  has(mutant: number): boolean {
    return this.all.has(mutant);
  }
}
