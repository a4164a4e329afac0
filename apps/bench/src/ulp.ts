// How exact the loss kernel is, in units in the last place, over random and hostile rows.
//   pnpm bench:ulp [--seed N] [--rows N] [--variant relaxed|strict|plain]… [--write]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { randomNumbers } from "@surprisal/conformance";
import type { Backend } from "@surprisal/core";
import { exactRow } from "./loss-oracle.ts";
import { machine, today } from "./machine.ts";
import { openBackend, variantsOf } from "./subject.ts";
import { type Batch, launch, makeBatch, type TargetKind, targetKinds, targetOf } from "./ulp/batch.ts";
import { classCounts, type RowClass, rowClasses } from "./ulp/row-classes.ts";
import { broken, exactnessPage, type Section, sectionTable } from "./ulp/table.ts";
import { type Bounds, boundsOf, emptyTally, type Largest, type Tally, ulpsOff } from "./ulp/tally.ts";
import { command, wholeNumber } from "./usage-error.ts";

/** Batches of many classes are shorter. */
const ELEMENTS_OF_A_BATCH = 200_000;
const ROWS_AT_LEAST = 4;

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
  const mostRows = wholeNumber("--rows", values.rows, 1);
  const variants = variantsOf(values.variant);
  const backends = await Promise.all(variants.map(openBackend));

  const sections: Section[] = [];
  const bounds: Bounds[][] = [];
  const faults: string[] = [];
  for (const kind of targetKinds) {
    const held = backends.map(({ facts }) => boundsOf(facts.precision, kind));
    const tallies: { rowClass: RowClass; tallies: Tally[] }[] = [];
    for (const rowClass of rowClasses) tallies.push({ rowClass, tallies: await tally(kind, rowClass, held) });
    const section = { kind, tallies };
    sections.push(section);
    bounds.push(held);
    faults.push(...broken(section, variants, held));
    console.log(`${kind}, ulp:\n\n${sectionTable(section, variants)}\n`);
  }
  for (const backend of backends) await backend.close();
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

  /** Every number of classes that the class of rows fits, on every variant. */
  async function tally(kind: TargetKind, rowClass: RowClass, held: readonly Bounds[]): Promise<Tally[]> {
    const tallies = backends.map(emptyTally);
    for (const classes of classCounts.filter((count) => rowClass.fits?.(count) ?? true)) {
      const rows = Math.max(ROWS_AT_LEAST, Math.min(mostRows, Math.floor(ELEMENTS_OF_A_BATCH / classes)));
      const random = randomNumbers("ulp", seed, kind, rowClass.name, classes);
      await tallyBatch(makeBatch(kind, rowClass, rows, classes, random), backends, held, tallies);
    }
    return tallies;
  }
});

/** Adds what each backend makes of the batch to its tally. */
async function tallyBatch(
  batch: Batch,
  backends: readonly Backend[],
  held: readonly Bounds[],
  tallies: readonly Tally[],
): Promise<void> {
  const { rows, classes, logits } = batch;
  const results = [];
  for (const backend of backends) results.push(await launch(backend, batch));
  const exact = new Float64Array(classes);
  const targets = new Float64Array(classes);
  for (let r = 0; r < rows; r++) {
    const target = targetOf(batch, r, targets);
    const { loss, lossTerms } = exactRow(logits, r * classes, classes, target, 1, exact);
    for (const [v, { rowLoss, gradient }] of results.entries()) {
      const tally = tallies[v]!;
      const bounds = held[v]!;
      const off = ulpsOff(rowLoss[r]!, loss, lossTerms, bounds.loss);
      tally.rows++;
      if (off <= (bounds.loss.mostly?.ulp ?? 1)) tally.within++;
      tally.loss = larger(tally.loss, off, classes);
      const label = target.label ?? -1;
      for (let j = 0; j < classes; j++) {
        const expected = exact[j]!;
        // |S·p| and |T|, of which the gradient is the difference.
        const terms = target.targets
          ? Math.max(Math.abs(expected + target.targets[j]!), Math.abs(target.targets[j]!))
          : 0;
        const error = ulpsOff(gradient[r * classes + j]!, expected, terms, bounds.gradient);
        if (j === label) tally.labelGradient = larger(tally.labelGradient, error, classes);
        else if (!(error <= tally.gradient.ulp)) tally.gradient = { ulp: error, classes };
      }
    }
  }
}

function larger(largest: Largest, ulp: number, classes: number): Largest {
  return ulp <= largest.ulp ? largest : { ulp, classes };
}
