// Times our CPU backend beside other libraries, in one process and in turns, and says which goals that meets.
//   pnpm bench [--part NAME]… [--shape 1024x1000]… [--quick] [--rounds N] [--variant relaxed|strict|plain]… [--python PATH] [--json] [--write]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareContenders, type ShapeReport } from "./compare-contenders.ts";
import { workloadsOf } from "./contenders.ts";
import { load, machine, today } from "./machine.ts";
import { peerVersions } from "./peers/installed-peer.ts";
import { pythonPeer } from "./peers/python.ts";
import { heading, performancePage, type SpeedReport, shapeTable } from "./speed-report.ts";
import { variantsOf } from "./subject.ts";
import { command, UsageError, wholeNumber } from "./usage-error.ts";

/** What takes longer for its rounds of one shape takes part in fewer. */
const MOST_MS = 10_000;

await command(async () => {
  const { values } = parseArgs({
    options: {
      part: { type: "string", multiple: true },
      quick: { type: "boolean", default: false },
      shape: { type: "string", multiple: true },
      rounds: { type: "string" },
      variant: { type: "string", multiple: true },
      python: { type: "string", default: "python3" },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const rounds = values.rounds === undefined ? (values.quick ? 7 : 21) : wholeNumber("--rounds", values.rounds, 1);
  const effort = { rounds, sampleMs: values.quick ? 10 : 20, mostMs: values.quick ? MOST_MS / 5 : MOST_MS };
  const pythons = [pythonPeer("torch", values.python), pythonPeer("tensorflow", values.python)];
  const workloads = workloadsOf(variantsOf(values.variant), pythons);
  const shapes: ShapeReport[] = [];
  try {
    for (const [part, workload] of Object.entries(workloads)) {
      if (values.part && !values.part.includes(part)) continue;
      const wanted = values.shape ?? (values.quick ? workload.quick : workload.shapes);
      for (const shape of workload.shapes.filter((name) => wanted.includes(name))) {
        const report = await compareContenders(workload, shape, effort);
        shapes.push(report);
        if (!values.json) console.log(shapeTable(report));
      }
    }
  } finally {
    for (const python of pythons) await python.close();
  }
});
