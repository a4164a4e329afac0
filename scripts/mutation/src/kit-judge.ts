// A process that judges mutants by the conformance kit. It is told a mutant's number at a time, and says which case killed it.
import { readFileSync, writeFileSync } from "node:fs";
import { fromTheStart, isKernel, width } from "./instrumented-modules.ts";
import { HitLimitError, mostHits, record, turnOff, turnOn } from "./mutant-switch.ts";

const { plain } = await import("@surprisal/backend-cpu/plain");
const { cases, checkBackend, requiredOnly } = await import("@surprisal/conformance");

console.warn = () => {};

/** On what the quick tier is run: what float32 rounds is the kernels' affair, and what core derives without the optional facts is core's. */
const subjects = [
  { name: "plain, float64", judges: () => true, create: () => plain({ precision: "f64" }) },
  { name: "plain, float32", judges: (mutant: number) => isKernel.has(mutant), create: () => plain() },
  {
    name: "plain with the required kernels alone, float64",
    judges: (mutant: number) => !isKernel.has(mutant),
    create: () => requiredOnly(plain({ precision: "f64" })),
  },
];
const quick = cases.filter(({ tier }) => tier === "quick").map(({ id }) => id);
const places = new Map(quick.map((id, i) => [id, i]));
const countsFile = process.env.MUTATION_COUNTS!;

export type ToJudge =
  | { readonly kind: "count" }
  | {
      readonly kind: "judge";
      readonly mutant: number;
      /** After so many milliseconds no further case is run. */
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

/** The first case that fails with this mutant turned on. */
async function judge(mutant: number, budget: number): Promise<string | undefined> {
  const start = Date.now();
  for (const [s, subject] of subjects.entries()) {
    const covering = quick.filter((_, place) => fromTheStart || row(counted(), s, place)[mutant]! > 0);
    if (covering.length === 0 || !subject.judges(mutant)) continue;
    const next = (id: string | undefined): void => {
      const place = places.get(id ?? "");
      if (!fromTheStart && place !== undefined) turnOn(mutant, mostHits(row(counted(), s, place)[mutant]!));
    };
    const wanted = new Set(covering);
    const stop = new AbortController();
    let killedBy: string | undefined;
    next(covering[0]);
    await checkBackend(subject, {
      filter: (id) => wanted.has(id),
      deadline: 5000,
      signal: stop.signal,
      onVerdict({ id, status }) {
        if (status === "failed") {
          killedBy ??= id;
          stop.abort(new Error("killed"));
        } else if (Date.now() - start > budget) stop.abort(new Error("not killed in time"));
        next(covering[covering.indexOf(id) + 1]);
        sayAlive();
      },
    }).catch((error: Error) => {
      // A mutant may break what is outside of any case.
      if (!stop.signal.aborted) killedBy ??= `an error of the kit: ${error.message}`;
    });
    turnOff();
    if (killedBy !== undefined || Date.now() - start > budget) return killedBy;
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
