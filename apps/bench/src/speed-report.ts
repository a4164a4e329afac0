import type { Result, ShapeReport } from "./compare-contenders.ts";
import type { Machine } from "./machine.ts";
import type { Spread } from "./statistics.ts";

/** Everything that a run of `pnpm bench` found: what `--json` prints. */
export interface SpeedReport {
  readonly command: string;
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** Milliseconds that a sample lasts at least. */
  readonly sampleMs: number;
  readonly workloads: readonly { readonly name: string; readonly says: string }[];
  readonly shapes: readonly ShapeReport[];
}

/** Where and when, in one line. */
export function heading({ date, machine, versions }: Omit<SpeedReport, "workloads" | "shapes">): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const { cpu, cores, platform, node, v8 } = machine;
  return `${date}, ${cpu} (${cores} cores), ${platform}, Node ${node} (V8 ${v8}), ${packages.join(", ")}.`;
}

/** One shape as a Markdown table, which also reads well in a terminal. */
export function shapeTable({ workload, shape, rounds, load, results, absent }: ShapeReport): string {
  const subjects = results.filter(({ ours, name }) => ours && !name.endsWith("kernel alone")).map(({ name }) => name);
  const measures = Object.keys(results[0]!.errors.measured);
  const titles = ["", "µs", results[0]!.rate.unit, ...subjects.map((name) => `× ${name}`), ...measures];
  const rows = results.map((result) => [
    result.name,
    microseconds(result.time.median),
    threeDigits(result.rate.value),
    ...subjects.map((subject) => multiple(result, subject)),
    ...measures.map((measure) => threeDigits(result.errors.measured[measure]!)),
  ]);
  const title = `**${workload}, ${shape.replaceAll("x", " × ")}** (${rounds} rounds, load ${load.map((value) => value.toFixed(1)).join(" → ")})`;
  const missing = absent.map(({ name, reason }) => `\n${name}: ${reason}`).join("\n");
  return `${title}\n\n${table(titles, rows)}\n${missing}`;
}

/** docs/performance.md. */
export function performancePage(report: SpeedReport): string {
  const contenders = new Map(report.shapes.flatMap(({ results }) => results.map((result) => [result.name, result])));
  const ours = (result: Result) => result.ours;
  return `# How fast it is

\`${report.command} --write\` measured this and wrote this page.

${heading(report)}

All contenders run in one process and take turns: every round takes a sample of at least ${report.sampleMs} ms of each, after a warm-up.
Times are medians of the rounds. **× is a time as a multiple of ours**, the median of the ratios within each round, with the quartiles in brackets: 20 means that ours is 20 times faster. On a busy machine times swing and ratios hold.
Every answer is compared with float64 first. A wrong answer of ours has no ratio and fails the command.

${[...contenders.values()].map(({ name, says, device }) => `- **${name}** (${device}): ${says}.`).join("\n")}

${report.workloads
  .map(({ name, says }) => {
    const shapes = report.shapes.filter(({ workload }) => workload === name);
    return shapes.length === 0
      ? ""
      : `\n## ${name[0]!.toUpperCase()}${name.slice(1)}\n\n${says}\n\n${summary(shapes, ours)}\n${shapes.map(shapeTable).join("\n")}`;
  })
  .join("")}`;
}

/** One line a shape: how many times faster than each other library. */
function summary(shapes: readonly ShapeReport[], ours: (result: Result) => boolean): string {
  const others = [...new Set(shapes.flatMap(({ results }) => results.filter((r) => !ours(r)).map(({ name }) => name)))];
  const subjects = Object.keys(shapes[0]!.results.find((result) => !ours(result))?.multipleOf ?? {});
  const main = subjects.filter((name) => !name.endsWith("kernel alone"));
  const titles = ["times faster than", ...shapes.map(({ shape }) => shape.replaceAll("x", " × "))];
  const rows = others.flatMap((other) =>
    main.map((subject) => [
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

/** `23.1 [22.4–24.0]` */
function withQuartiles({ median, lower, upper }: Spread): string {
  return `${threeDigits(median)} [${threeDigits(lower)}–${threeDigits(upper)}]`;
}

function microseconds(milliseconds: number): string {
  const value = milliseconds * 1000;
  return value < 1000 ? threeDigits(value) : Math.round(value).toLocaleString("en").replaceAll(",", " ");
}

/** Three significant digits, without an exponent where it can be read. */
export function threeDigits(value: number): string {
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude < 0.001) return value.toExponential(1);
  return magnitude >= 1000 ? Math.round(value).toString() : value.toPrecision(3);
}

/** A Markdown table whose columns are as wide as their longest cell. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, c) => Math.max(3, title.length, ...rows.map((row) => row[c]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, c) => cell.padEnd(widths[c]!)).join(" | ")} |`;
  return [line(titles), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
