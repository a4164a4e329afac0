import { randomNumbers } from "@surprisal/conformance";
import type { Backend } from "@surprisal/core";
import { exactRow } from "../loss-oracle.ts";
import { openBackend, type Variant } from "../subject.ts";
import { type Batch, launch, makeBatch, type TargetKind, targetKinds, targetOf } from "./batch.ts";
import { classCounts, type RowClass, rowClasses } from "./row-classes.ts";
import { broken, type Section } from "./table.ts";
import { type Bounds, boundsOf, emptyTally, type Largest, type Tally, ulpsOff } from "./tally.ts";

/** Batches of many classes are shorter. */
const ELEMENTS_OF_A_BATCH = 200_000;
const ROWS_AT_LEAST = 4;

/** What was found of one kind of target, what it is held to, and which bounds are broken. */
export interface Exactness {
  readonly section: Section;
  /** One for each variant. */
  readonly bounds: readonly Bounds[];
  readonly faults: readonly string[];
}

/**
 * Holds the loss kernels against float64, over every class of rows and number of classes.
 * @param rows the most rows of a batch
 */
export async function* measureExactness(
  variants: readonly Variant[],
  seed: number,
  rows: number,
): AsyncGenerator<Exactness> {
  const backends = await Promise.all(variants.map(openBackend));
  try {
    for (const kind of targetKinds) {
      const bounds = backends.map(({ facts }) => boundsOf(facts.precision, kind));
      const tallies: { rowClass: RowClass; tallies: Tally[] }[] = [];
      for (const rowClass of rowClasses) {
        tallies.push({ rowClass, tallies: await tally(backends, kind, rowClass, bounds, seed, rows) });
      }
      const section = { kind, tallies };
      yield { section, bounds, faults: broken(section, variants, bounds) };
    }
  } finally {
    for (const backend of backends) await backend.close();
  }
}

/** Every number of classes that the class of rows fits, on every variant. */
async function tally(
  backends: readonly Backend[],
  kind: TargetKind,
  rowClass: RowClass,
  held: readonly Bounds[],
  seed: number,
  mostRows: number,
): Promise<Tally[]> {
  const tallies = backends.map(emptyTally);
  for (const classes of classCounts.filter((count) => rowClass.fits?.(count) ?? true)) {
    const rows = Math.max(ROWS_AT_LEAST, Math.min(mostRows, Math.floor(ELEMENTS_OF_A_BATCH / classes)));
    const random = randomNumbers("ulp", seed, kind, rowClass.name, classes);
    await tallyBatch(makeBatch(kind, rowClass, rows, classes, random), backends, held, tallies);
  }
  return tallies;
}

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
