// How exact the loss kernel is, in units in the last place, over random and hostile rows.
//   pnpm bench:ulp [--seed N] [--rows N] [--variant relaxed|strict|plain]… [--write]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { machine, today } from "./machine.ts";
import { variantsOf } from "./subject.ts";
import { measureExactness } from "./ulp/measure.ts";
import { classCounts, rowClasses } from "./ulp/row-classes.ts";
import { exactnessPage, type Section, sectionTable } from "./ulp/table.ts";
import type { Bounds } from "./ulp/tally.ts";
import { command, wholeNumber } from "./usage-error.ts";

await command(async () => {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      rows: { type: "string", default: "500" },
      variant: { type: "string", multiple: true },
      write: { type: "boolean", default: false },
    },
  });
  const seed = wholeNumber("--seed", values.seed, 0);
  const rows = wholeNumber("--rows", values.rows, 1);
  const variants = variantsOf(values.variant);

  const sections: Section[] = [];
  const bounds: (readonly Bounds[])[] = [];
  const faults: string[] = [];
  for await (const found of measureExactness(variants, seed, rows)) {
    sections.push(found.section);
    bounds.push(found.bounds);
    faults.push(...found.faults);
    console.log(`${found.section.kind}, ulp:\n\n${sectionTable(found.section, variants)}\n`);
  }
  for (const fault of faults) console.error(`BROKEN: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  else if (values.write) {
    const words = process.argv.slice(2).filter((word) => word !== "--write");
    const page = exactnessPage({
      command: ["pnpm bench:ulp", ...words].join(" "),
      date: today(),
      machine: machine(),
      seed,
      variants,
      rowClasses,
      classCounts,
      sections,
      bounds,
    });
    writeFileSync(new URL("../../../docs/exactness.md", import.meta.url), page);
  }
});
