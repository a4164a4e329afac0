// A process that judges mutants by the conformance kit. It is told a mutant's number at a time, and says which case killed it.
import { readFileSync, writeFileSync } from "node:fs";
import { fromTheStart, isKernel, rangeOf, width } from "./instrumented-modules.ts";
import { HitLimitError, mostHits, record, turnOff, turnOn } from "./mutant-switch.ts";

const { cpu } = await import("@surprisal/backend-cpu");
const { plain } = await import("@surprisal/backend-cpu/plain");
const { cases, checkBackend, requiredOnly } = await import("@surprisal/conformance");

console.warn = () => {};

/** On what the quick tier is run: what float32 rounds is the kernels' affair; what core derives without the optional facts, and what it gives to fusions, is core's. */
const subjects = [
  { name: "plain, float64", judges: () => true, create: () => plain({ precision: "f64" }) },
  { name: "plain, float32", judges: (mutant: number) => isKernel.has(mutant), create: () => plain() },
  {
    name: "plain with the required kernels alone, float64",
    judges: (mutant: number) => !isKernel.has(mutant),
    create: () => requiredOnly(plain({ precision: "f64" })),
  },
  { name: "cpu, which has every fusion", judges: (mutant: number) => !isKernel.has(mutant), create: () => cpu() },
];
const quick = cases.filter(({ tier }) => tier === "quick").map(({ id }) => id);
const places = new Map(quick.map((id, i) => [id, i]));
const countsFile = process.env.MUTATION_COUNTS!;

export type ToJudge =
  | { readonly kind: "count" }
  | {
      readonly kind: "judge";
      readonly mutant: number;
      /** After so much of the processor's time, in milliseconds, no further case is run. */
      readonly budget: number;
    };
export type FromJudge =
  | { readonly kind: "counted" }
  | { readonly kind: "alive" }
  | { readonly kind: "judged"; readonly killedBy: string | undefined };

const say = (message: FromJudge): void => {
  process.send!(message);
};

/** How often each case on each subject runs the code of each mutant. A row of its own is for what runs at loading. */
function row(counts: Uint32Array, subject: number, place: number): Uint32Array {
  const start = (subject * quick.length + place) * width;
  return counts.subarray(start, start + width);
}

async function count(): Promise<void> {
  const counts = new Uint32Array(subjects.length * quick.length * width);
  for (const [s, subject] of subjects.entries()) {
    record(row(counts, s, 0));
    const report = await checkBackend(subject, {
      onVerdict({ id }) {
        const place = places.get(id);
        record(place === undefined || place + 1 === quick.length ? undefined : row(counts, s, place + 1));
        sayAlive();
      },
    });
    record(undefined);
    const failed = report.verdicts.find(({ status }) => status === "failed");
    if (failed) throw new Error(`${subject.name} fails without any mutant: ${failed.id}: ${failed.message}`);
  }
  writeFileSync(countsFile, counts);
}

let lastAlive = 0;
function sayAlive(): void {
  if (Date.now() - lastAlive < 1000) return;
  lastAlive = Date.now();
  say({ kind: "alive" });
}

let loaded: Uint32Array | undefined;
function counted(): Uint32Array {
  loaded ??= new Uint32Array(new Uint8Array(readFileSync(countsFile)).buffer);
  return loaded;
}

/** How many cases stand for those that run the same code. */
const representatives = 3;

/**
 * The cases that run the code of a mutant, in two parts: some for each set of mutants of its file that a case may run, which
 * stand for all the ways through that file, and the rest.
 */
function covering(subject: number, mutant: number): readonly (readonly string[])[] {
  if (fromTheStart !== undefined) return [quick];
  const [first, last] = rangeOf(mutant);
  const times = new Map<string, number>();
  const parts: [string[], string[]] = [[], []];
  for (const [place, id] of quick.entries()) {
    const counts = row(counted(), subject, place);
    if (counts[mutant] === 0) continue;
    let way = "";
    for (let other = first; other <= last; other++) way += counts[other]! > 0 ? "1" : "0";
    const met = times.get(way) ?? 0;
    times.set(way, met + 1);
    parts[met < representatives ? 0 : 1].push(id);
  }
  return parts;
}

/** The first of these cases that fails with this mutant turned on. `isLate` ends it. */
async function firstFailure(
  subject: number,
  mutant: number,
  ids: readonly string[],
  isLate: () => boolean,
): Promise<string | undefined> {
  if (ids.length === 0) return undefined;
  const wanted = new Set(ids);
  const following = new Map(ids.map((id, i) => [id, ids[i + 1]]));
  const stop = new AbortController();
  let killedBy: string | undefined;
  const begin = (id: string | undefined): void => {
    if (fromTheStart === undefined && id !== undefined) {
      turnOn(mutant, mostHits(row(counted(), subject, places.get(id)!)[mutant]!));
    }
  };
  begin(ids[0]);
  await checkBackend(subjects[subject]!, {
    filter: (id) => wanted.has(id),
    deadline: 10_000,
    signal: stop.signal,
    onVerdict({ id, status }) {
      if (status === "failed") killedBy ??= id;
      if (status === "failed" || isLate()) stop.abort(new Error("enough"));
      begin(following.get(id));
      sayAlive();
    },
  }).catch((error: Error) => {
    // A mutant may break what is outside of any case.
    if (!stop.signal.aborted) killedBy ??= `an error of the kit: ${error.message}`;
  });
  if (fromTheStart === undefined) turnOff();
  return killedBy;
}

/** The first case that fails with this mutant turned on. */
async function judge(mutant: number, budget: number): Promise<string | undefined> {
  const start = process.cpuUsage();
  const isLate = (): boolean => {
    const { user, system } = process.cpuUsage(start);
    return user + system > 1000 * budget;
  };
  const own = [...subjects.keys()].filter((s) => subjects[s]!.judges(mutant));
  const parts = own.map((s) => covering(s, mutant));
  for (const part of [0, 1]) {
    for (const [i, s] of own.entries()) {
      const killedBy = await firstFailure(s, mutant, parts[i]![part] ?? [], isLate);
      if (killedBy !== undefined || isLate()) return killedBy;
    }
  }
  return undefined;
}

let current = Promise.resolve();
process.on("message", (message: ToJudge) => {
  current = current.then(async () => {
    if (message.kind === "count") {
      await count();
      say({ kind: "counted" });
    } else say({ kind: "judged", killedBy: await judge(message.mutant, message.budget) });
  });
});
process.on("disconnect", () => process.exit());
// What a mutant left behind may still fail after its verdict.
process.on("unhandledRejection", () => {});
process.on("uncaughtException", (error) => {
  if (!(error instanceof HitLimitError)) throw error;
});
