// Times the fused loss and matrix products of our CPU backend beside other libraries, in one process and in turns.
//   pnpm bench [--quick] [--shape 1024x1000]… [--rounds N] [--variant relaxed|strict|plain]… [--json] [--write]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareContenders, type ShapeReport } from "./compare-contenders.ts";
import type { AnyWorkload } from "./contender.ts";
import { timeLossForms } from "./loss-forms.ts";
import { load, machine, today, versionOf } from "./machine.ts";
import { lossByApi, lossByKernel, productByApi, productByKernel } from "./peers/surprisal.ts";
import { tfjsLoss, tfjsLossByHand } from "./peers/tfjs-loss.ts";
import { tfjsProduct, tfjsWasm } from "./peers/tfjs-wasm.ts";
import { heading, lossFormsSection, performancePage, type SpeedReport, shapeTable } from "./speed-report.ts";
import { variantsOf } from "./subject.ts";
import { command, UsageError, wholeNumber } from "./usage-error.ts";
import { fusedLoss } from "./workloads/fused-loss.ts";
import { gemm } from "./workloads/gemm.ts";

await command(async () => {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      shape: { type: "string", multiple: true },
      rounds: { type: "string" },
      variant: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const rounds = values.rounds === undefined ? (values.quick ? 7 : 21) : wholeNumber("--rounds", values.rounds, 1);
  const effort = { rounds, sampleMs: values.quick ? 10 : 20 };
  const variants = variantsOf(values.variant);
  const workloads: readonly AnyWorkload[] = [
    fusedLoss([
      ...variants.map(lossByApi),
      ...variants.map(lossByKernel),
      tfjsLoss(tfjsWasm),
      tfjsLossByHand(tfjsWasm),
    ]),
    gemm([...variants.map(productByApi), ...variants.map(productByKernel), tfjsProduct()]),
  ];
  const known = workloads.flatMap(({ shapes, onRequest }) => [...shapes, ...onRequest]);
  const unknown = values.shape?.find((shape) => !known.includes(shape));
  if (unknown !== undefined) throw new UsageError(`--shape is one of ${known.join(", ")}, not "${unknown}"`);

  const about = {
    command: `pnpm bench${process.argv
      .slice(2)
      .filter((word) => word !== "--write" && word !== "--json")
      .map((word) => ` ${word}`)
      .join("")}`,
    date: today(),
    machine: machine(),
    versions: { "@tensorflow/tfjs": versionOf("@tensorflow/tfjs") },
    sampleMs: effort.sampleMs,
    where: "in one process",
  };
  if (!values.json) console.log(`${heading(about)} Load ${load().toFixed(2)}.\n`);
  const shapes: ShapeReport[] = [];
  for (const workload of workloads) {
    const wanted = values.shape ?? (values.quick ? workload.quick : workload.shapes);
    for (const shape of [...workload.shapes, ...workload.onRequest].filter((name) => wanted.includes(name))) {
      const report = await compareContenders(workload, shape, effort, load);
      shapes.push(report);
      if (!values.json) console.log(shapeTable(report));
    }
  }
  const [fused] = workloads;
  const lossForms =
    values.shape === undefined
      ? await timeLossForms(variants[0]!, values.quick ? fused!.quick : fused!.shapes, effort)
      : undefined;
  if (lossForms && !values.json) console.log(lossFormsSection(lossForms));
  const report: SpeedReport = {
    ...about,
    workloads: workloads.map(({ name, says }) => ({ name, says })),
    shapes,
    lossForms,
  };
  if (values.json) console.log(JSON.stringify(report, undefined, 2));
  const wrong = shapes.flatMap(({ workload, shape, results }) =>
    results
      .filter(({ ours, errors }) => ours && errors.fault !== undefined)
      .map(({ name, errors }) => `${workload}, ${shape}, ${name}: ${errors.fault}`),
  );
  for (const line of wrong) console.error(`WRONG: ${line}`);
  if (wrong.length > 0) process.exitCode = 1;
  else if (values.write)
    writeFileSync(new URL("../../../docs/performance.md", import.meta.url), performancePage(report));
});
