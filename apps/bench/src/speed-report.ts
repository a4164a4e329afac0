import type { Absent, Result, ShapeReport } from "./compare-contenders.ts";
import { goalsTable } from "./goals.ts";
import type { LossForms } from "./loss-forms.ts";
import type { Machine } from "./machine.ts";
import type { FitOverhead } from "./overhead/fit-step.ts";
import type { OpOverhead } from "./overhead/op-overhead.ts";
import { fitSentence, overheadTable } from "./overhead/overhead-table.ts";
import type { Sizes } from "./sizes.ts";
import type { Variant } from "./subject.ts";
import { microseconds, table, threeDigits, withQuartiles } from "./table.ts";
import type { ScalingRow } from "./threads/scaling.ts";
import type { ExactnessRow } from "./ulp/summary.ts";

/** Where and when. */
export interface About {
  readonly command: string;
  readonly date: string;
  readonly machine: Machine;
  /** Of the libraries that are installed for it. */
  readonly versions: Readonly<Record<string, string>>;
  /** Runnable threads on the machine when it began, on average. */
  readonly load: number;
  /** Milliseconds that a sample lasts at least. */
  readonly sampleMs: number;
  /** What takes longer for its rounds takes part in fewer. */
  readonly mostMs?: number;
}

/** Everything that a run of `pnpm bench` found: what `--json` prints. Parts that were not asked for are absent. */
export interface SpeedReport extends About {
  readonly workloads: readonly { readonly name: string; readonly says: string }[];
  readonly shapes: readonly ShapeReport[];
  readonly lossForms?: LossForms | undefined;
  readonly exactness?: readonly ExactnessRow[] | undefined;
  readonly overhead?: Overhead | undefined;
  readonly threads?: { readonly counts: readonly number[]; readonly rows: readonly ScalingRow[] } | undefined;
  readonly sizes?: Sizes | undefined;
}

export interface Overhead {
  readonly variant: Variant;
  readonly ops: readonly OpOverhead[];
  readonly fit: FitOverhead;
}

/** In one line. */
export function heading({ date, machine, versions, load }: About): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const { cpu, cores, vectors, platform, node, v8 } = machine;
  const native = vectors === undefined ? "" : `, native code has ${vectors}`;
  return `${date}, ${cpu} (${cores} cores${native}), ${platform}, Node ${node} (V8 ${v8}), load ${load.toFixed(1)}; ${packages.join(", ")}.`;
}

/** One shape as a Markdown table, which also reads well in a terminal. */
export function shapeTable({ workload, shape, rounds, load, results, absent }: ShapeReport): string {
  const subjects = results.filter(({ ours, name }) => ours && isMain(name)).map(({ name }) => name);
  const measures = Object.keys(results[0]!.errors.measured);
  const titles = ["", "µs", "least", results[0]!.rate.unit, ...subjects.map((name) => `× ${name}`), ...measures];
  const rows = results.map((result) => [
    result.rounds < rounds ? `${result.name} (${counted(result.rounds, "round")})` : result.name,
    microseconds(result.time.median),
    microseconds(result.time.least),
    threeDigits(result.rate.value),
    ...subjects.map((subject) => multiple(result, subject)),
    ...measures.map((measure) => threeDigits(result.errors.measured[measure]!)),
  ]);
  const title = `**${workload}, ${shape.replaceAll("x", " × ")}** (${counted(rounds, "round")}, load ${load.map((value) => value.toFixed(1)).join(" → ")})`;
  return `${title}\n\n${table(titles, rows)}\n${absentLines(absent)}`;
}

function absentLines(absent: readonly Absent[]): string {
  if (absent.length === 0) return "";
  return `\nNot there: ${absent.map(({ name, reason }) => `${name} (${reason})`).join("; ")}\n`;
}

/** Whether tables measure others against it: kernels alone and other ways, after a comma, are there for comparison. */
function isMain(name: string): boolean {
  return !name.includes(",");
}

/** docs/performance.md. */
export function performancePage(report: SpeedReport): string {
  const where = "in one process (Python's frameworks in one of their own)";
  const given =
    "All have one thread, and logits, labels and one-hot rows are in their memory before the clock starts, except for what is said of each.";
  return `${introduction(report, "How fast it is", where, given)}
## Goals

${goalsSection(report)}${workloadSections(report)}${otherSections(report)}`;
}

/** docs/gpu-performance.md. */
export function gpuPage(report: SpeedReport): string {
  return `${introduction(report, "How fast it is on a GPU", "on one page")}${workloadSections(report)}`;
}

function introduction(report: SpeedReport, title: string, where: string, given?: string): string {
  const { command, sampleMs, mostMs } = report;
  const slow =
    mostMs === undefined ? "" : `; what would take longer than ${mostMs / 1000} s takes part in the first rounds alone`;
  return `# ${title}

\`${command} --write\` measured this and wrote this page.

${heading(report)}

All contenders of a shape run ${where} and take turns: every round takes a sample of at least ${sampleMs} ms of each, after a warm-up${slow}.${given === undefined ? "" : ` ${given}`}
Times are medians of the rounds. **× is a time as a multiple of ours**, the median of the ratios within each round, with the quartiles in brackets: 20 means that ours is 20 times faster. On a busy machine times swing and ratios hold better, those of the shortest runs least.
Every answer is compared with float64 first. A wrong answer of ours has no ratio and fails the command.
`;
}

/** A section for each workload. */
function workloadSections({ workloads, shapes }: SpeedReport): string {
  return workloads
    .map(({ name, says }) => {
      const own = shapes.filter(({ workload }) => workload === name);
      return own.length === 0
        ? ""
        : `\n## ${name[0]!.toUpperCase()}${name.slice(1)}\n\n${says}\n\n${contenders(own)}\n\n${summary(own)}\n${own.map(shapeTable).join("\n")}`;
    })
    .join("");
}

/** Who took part, on what and how. */
function contenders(shapes: readonly ShapeReport[]): string {
  const byName = new Map(shapes.flatMap(({ results }) => results.map((result) => [result.name, result])));
  return [...byName.values()].map(({ name, says, device }) => `- **${name}** (${device}): ${says}.`).join("\n");
}

/** What was wanted, and what was found. */
export function goalsSection({ shapes, sizes, overhead }: SpeedReport): string {
  return `What was wanted of this run, and what came of it: the public API against each library, shape by shape in the order of the tables below. "Of the best rounds" is the quotient of the shortest times, which a busy machine disturbs least. A goal that noise alone may have missed (by 10 % or less) counts as met within it; the strict kernels have half of the goals.

${goalsTable({ shapes, sizes, overhead })}
`;
}

/** Forms of the loss, exactness, overhead, threads and sizes, as far as they were measured. */
export function otherSections({ lossForms, exactness, overhead, threads, sizes }: SpeedReport): string {
  const sections: string[] = [];
  if (lossForms) {
    const { variant, shapes, plain, forms } = lossForms;
    sections.push(`## Forms of the loss

The kernel alone (${variant}): times as multiples of the plain form's, loss and gradient by labels.

${table(
  ["", ...shapes.map((shape) => shape.replaceAll("x", " × "))],
  [
    ["loss and gradient by labels", ...plain.map((time) => `1 = ${threeDigits(time)} ns a logit`)],
    ...forms.map(({ name, multiples }) => [name, ...multiples.map(withQuartiles)]),
  ],
)}
`);
  }
  if (exactness) {
    sections.push(`## Exactness of the kernels that were timed

The largest errors over random and hostile rows, in units in the last place; [exactness.md](exactness.md) tells more. Allowed are what [semantics.md](semantics.md), §7, allows.

${table(
  ["", "rows", "loss", "allowed", "within 1 ulp", "wanted", "gradient", "allowed"],
  exactness.map(({ kind, variant, rows, loss, within, gradient, allowed }) => [
    `${kind}, ${variant}`,
    String(rows),
    threeDigits(loss),
    String(allowed.loss),
    `${(100 * within).toFixed(2)} %`,
    `≥ ${100 * allowed.within} %`,
    threeDigits(gradient),
    String(allowed.gradient),
  ]),
)}
`);
  }
  if (overhead) {
    sections.push(`## What core adds to its kernels

Times in µs of small operations and of the very kernel calls that they make; \`pnpm --filter @surprisal/bench overhead\` tells more, of memory too.

${overheadTable(overhead.variant, overhead.ops)}

${fitSentence(overhead.fit)}
`);
  }
  if (threads) {
    sections.push(`## Threads

How many times faster than cpu the workers backend is; [threads.md](threads.md) tells more. The machine had other work besides.

${table(
  ["", "cpu, µs", ...threads.counts.map((count) => counted(count, "thread"))],
  threads.rows.map(({ name, microseconds, speedUps }) => [
    name,
    threeDigits(microseconds.median),
    ...speedUps.map(withQuartiles),
  ]),
)}
`);
  }
  if (sizes) {
    const kilobytes = (bytes: number) => `${threeDigits(bytes / 1000)} kB`;
    sections.push(`## Size

Gzipped; the kernels are deflated, as they are published. Our packages are bundled and minified as \`.size-limit.js\` says; the others' are the files that they publish for WebAssembly without threads, minified where they are published so.

${table(
  ["", "gzipped"],
  [
    ...sizes.kernels.map(({ name, bytes }) => [`kernels, ${name}`, kilobytes(bytes)]),
    ...[...sizes.bundles, ...sizes.peers].map(({ name, bytes }) => [name, kilobytes(bytes)]),
  ],
)}
`);
  }
  return sections.map((section) => `\n${section}`).join("");
}

/** How many times faster than each other library, a column for each shape. */
function summary(shapes: readonly ShapeReport[]): string {
  const all = shapes.flatMap(({ results }) => results);
  const others = [...new Set(all.filter(({ ours }) => !ours).map(({ name }) => name))];
  const subjects = [...new Set(all.filter(({ ours, name }) => ours && isMain(name)).map(({ name }) => name))];
  const titles = ["times faster than", ...shapes.map(({ shape }) => shape.replaceAll("x", " × "))];
  const rows = others.flatMap((other) =>
    subjects.map((subject) => [
      `${other}: ${subject}`,
      ...shapes.map(({ results }) => {
        const result = results.find(({ name }) => name === other);
        return result ? multiple(result, subject) : "";
      }),
    ]),
  );
  return `${table(titles, rows)}\n`;
}

function multiple({ name, errors, multipleOf }: Result, subject: string): string {
  if (errors.fault !== undefined) return "WRONG";
  if (name === subject) return "1";
  const ratio = multipleOf[subject];
  return ratio === undefined ? "–" : withQuartiles(ratio);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
