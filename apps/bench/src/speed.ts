// Times our CPU backend beside other libraries, in one process and in turns, and tells which goals that meets.
// With --from FILE it measures nothing: it writes the page of what --json printed before.
//   pnpm bench [--part NAME]… [--shape 1024x1000]… [--quick] [--rounds N] [--variant relaxed|strict|plain]… [--python PATH] [--json] [--write]
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareContenders, type ShapeReport } from "./compare-contenders.ts";
import { workloadsOf } from "./contenders.ts";
import { timeLossForms } from "./loss-forms.ts";
import { load, machine, today } from "./machine.ts";
import { fitOverhead } from "./overhead/fit-step.ts";
import { opOverhead } from "./overhead/op-overhead.ts";
import { smallOps } from "./overhead/small-ops.ts";
import { peerVersions } from "./peers/installed-peer.ts";
import { pythonPeer } from "./peers/python.ts";
import { fromJson, toJson } from "./report-json.ts";
import { measureSizes, type Sizes } from "./sizes.ts";
import {
  type About,
  goalsSection,
  heading,
  type Overhead,
  otherSections,
  performancePage,
  type SpeedReport,
  shapeTable,
} from "./speed-report.ts";
import { type Variant, variantsOf } from "./subject.ts";
import { lossWork, scalingRows } from "./threads/scaling.ts";
import { measureExactness } from "./ulp/measure.ts";
import { type ExactnessRow, exactnessRows } from "./ulp/summary.ts";
import { command, UsageError, wholeNumber } from "./usage-error.ts";

const THREADS = [1, 2, 4];
/** Of each class of rows and number of classes, at most; `pnpm bench:ulp` takes ten times as many. */
const EXACTNESS_ROWS = 50;

await command(async () => {
  const { values } = parseArgs({
    options: {
      part: { type: "string", multiple: true },
      shape: { type: "string", multiple: true },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      variant: { type: "string", multiple: true },
      python: { type: "string", default: "python3" },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      from: { type: "string" },
    },
  });
  if (values.from !== undefined) {
    writePage(fromJson(readFileSync(values.from, "utf8")));
    return;
  }
  const { quick, json } = values;
  const rounds = values.rounds === undefined ? (quick ? 7 : 21) : wholeNumber("--rounds", values.rounds, 1);
  const effort = { rounds, sampleMs: quick ? 10 : 20, mostMs: quick ? 2000 : 6000 };
  const variants = variantsOf(values.variant);
  const pythons = [pythonPeer("torch", values.python), pythonPeer("tensorflow", values.python)];
  const workloads = workloadsOf(variants, pythons);

  const others = ["forms", "exactness", "overhead", "threads", "sizes"] as const;
  const wanted = chosen("--part", values.part, [...Object.keys(workloads), ...others]);
  const shapesOf = chosen(
    "--shape",
    values.shape,
    Object.values(workloads).flatMap(({ shapes }) => shapes),
  );
  const about: About = {
    command: commandLine(),
    date: today(),
    machine: machine(),
    versions: peerVersions,
    load: load(),
    sampleMs: effort.sampleMs,
    mostMs: effort.mostMs,
  };
  const say = (text: string) => json || console.log(text);
  say(`${heading(about)}\n`);

  const shapes: ShapeReport[] = [];
  try {
    for (const [part, workload] of Object.entries(workloads)) {
      if (!wanted(part)) continue;
      const names = workload.shapes.filter((shape) =>
        values.shape || !quick ? shapesOf(shape) : workload.quick.includes(shape),
      );
      for (const shape of names) {
        const report = await compareContenders(workload, shape, effort, load);
        shapes.push(report);
        say(shapeTable(report));
      }
    }
  } finally {
    for (const python of pythons) await python.close();
  }

  const faults = shapes.flatMap(({ workload, shape, results }) =>
    results
      .filter(({ ours, errors }) => ours && errors.fault !== undefined)
      .map(({ name, errors }) => `${workload}, ${shape}, ${name}: ${errors.fault}`),
  );
  const measured = async <T>(part: (typeof others)[number], measure: () => Promise<T>): Promise<T | undefined> =>
    wanted(part) ? await measure() : undefined;
  const report: SpeedReport = {
    ...about,
    workloads: Object.values(workloads).map(({ name, says }) => ({ name, says })),
    shapes,
    lossForms: await measured("forms", () => {
      const { shapes, quick: few } = workloads.fused!;
      return timeLossForms(variants[0]!, quick ? few : shapes, effort);
    }),
    exactness: await measured("exactness", () => exactness(variants, faults)),
    overhead: await measured("overhead", () => overhead(variants[0]!, rounds)),
    threads: await measured("threads", async () => ({
      counts: THREADS,
      rows: await scalingRows(
        workloads.fused!.shapes.map((shape) => {
          const [rows, classes] = shape.split("x").map(Number);
          return lossWork(rows!, classes!);
        }),
        THREADS,
        effort,
      ),
    })),
    sizes: await measured("sizes", (): Promise<Sizes> => measureSizes()),
  };
  say(`## Goals\n\n${goalsSection(report)}${otherSections(report)}`);
  if (json) console.log(toJson(report));
  for (const fault of faults) console.error(`WRONG: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  else if (values.write) writePage(report);
});

function writePage(report: SpeedReport): void {
  writeFileSync(new URL("../../../docs/performance.md", import.meta.url), performancePage(report));
}

/** The largest errors of the loss kernels; broken bounds are added to the faults. */
async function exactness(variants: readonly Variant[], faults: string[]): Promise<ExactnessRow[]> {
  const rows: ExactnessRow[] = [];
  for await (const found of measureExactness(variants, 1, EXACTNESS_ROWS)) {
    rows.push(...exactnessRows(variants, found));
    faults.push(...found.faults);
  }
  return rows;
}

async function overhead(variant: Variant, rounds: number): Promise<Overhead> {
  const ops = [];
  for (const op of smallOps) ops.push(await opOverhead(op, variant, rounds));
  return { variant, ops, fit: await fitOverhead(variant, rounds) };
}

/** Whether a name was asked for: all are where none is. */
function chosen(
  flag: string,
  given: readonly string[] | undefined,
  known: readonly string[],
): (name: string) => boolean {
  const unknown = given?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`${flag} is one of ${[...new Set(known)].join(", ")}, not "${unknown}"`);
  }
  return (name) => given?.includes(name) ?? true;
}

/** How this run is repeated: a Python is at another place on another machine. */
function commandLine(): string {
  const words = process.argv.slice(2);
  const python = words.indexOf("--python");
  if (python >= 0) words[python + 1] = "PATH";
  return ["pnpm bench", ...words.filter((word) => !["--write", "--json"].includes(word))].join(" ");
}
