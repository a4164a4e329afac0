import type { Machine } from "../machine.ts";
import { table, threeDigits } from "../table.ts";
import type { TargetKind } from "./batch.ts";
import type { RowClass } from "./row-classes.ts";
import { type Bounds, type Largest, type Tally, together } from "./tally.ts";

/** Everything about one kind of target. */
export interface Section {
  readonly kind: TargetKind;
  /** [row class][variant] */
  readonly tallies: readonly { readonly rowClass: RowClass; readonly tallies: readonly Tally[] }[];
}

/** One kind of target as a table: a line for each class of rows, a column for each variant. */
export function sectionTable({ kind, tallies }: Section, variants: readonly string[]): string {
  const columns = [
    { title: "loss", show: (tally: Tally) => ulps(tally.loss) },
    { title: "within 1 ulp", show: (tally: Tally) => percent(tally.within / tally.rows) },
    ...(kind === "labels"
      ? [
          { title: "label's gradient", show: (tally: Tally) => ulps(tally.labelGradient) },
          { title: "other gradients", show: (tally: Tally) => ulps(tally.gradient) },
        ]
      : [{ title: "gradient", show: (tally: Tally) => ulps(tally.gradient) }]),
  ];
  const lines = [
    ...tallies.map(({ rowClass, tallies }) => ({ name: rowClass.name, tallies })),
    { name: "**all**", tallies: variants.map((_, v) => together(tallies.map(({ tallies }) => tallies[v]!))) },
  ];
  return table(
    ["rows", "number", ...columns.flatMap(({ title }) => variants.map((variant) => `${title}, ${variant}`))],
    lines.map(({ name, tallies }) => [
      name,
      String(tallies[0]!.rows),
      ...columns.flatMap(({ show }) => tallies.map(show)),
    ]),
  );
}

/** The bounds that a section breaks, one line each. */
export function broken(section: Section, variants: readonly string[], bounds: readonly Bounds[]): string[] {
  const faults: string[] = [];
  for (const [v, variant] of variants.entries()) {
    const { loss, gradient } = bounds[v]!;
    for (const { rowClass, tallies } of section.tallies) {
      const tally = tallies[v]!;
      const check = (what: string, { ulp, classes }: Largest, allowed: number) => {
        if (ulp <= allowed) return;
        faults.push(
          `${variant}, ${section.kind}, ${rowClass.name}: ${what} is off by ${ulp} ulp at ${classes} classes; allowed are ${allowed}`,
        );
      };
      check("the loss", tally.loss, loss.ulp);
      check("the label's gradient", tally.labelGradient, gradient.ulp);
      check("a gradient", tally.gradient, gradient.ulp);
    }
    const all = together(section.tallies.map(({ tallies }) => tallies[v]!));
    if (loss.mostly && all.within < loss.mostly.share * all.rows) {
      faults.push(
        `${variant}, ${section.kind}: ${percent(all.within / all.rows)} of the losses are within 1 ulp; ${percent(loss.mostly.share)} have to be`,
      );
    }
  }
  return faults;
}

/** What docs/exactness.md says. */
export interface UlpReport {
  readonly command: string;
  readonly date: string;
  readonly machine: Machine;
  readonly seed: number;
  readonly variants: readonly string[];
  readonly rowClasses: readonly RowClass[];
  readonly classCounts: readonly number[];
  readonly sections: readonly Section[];
  readonly bounds: readonly (readonly Bounds[])[];
}

export function exactnessPage(report: UlpReport): string {
  const { command, date, machine, seed, variants, rowClasses, classCounts, sections, bounds } = report;
  const rows = sections.reduce(
    (sum, { tallies }) => sum + tallies.reduce((rows, { tallies }) => rows + tallies[0]!.rows, 0),
    0,
  );
  const { loss, gradient } = bounds[0]![0]!;
  return `# How exact the loss is

\`${command} --write\` measured this and wrote this page.

${date}, seed ${seed}, ${rows} rows of ${classCounts[0]} to ${classCounts.at(-1)} classes, ${machine.cpu}, Node ${machine.node} (V8 ${machine.v8}).

The loss kernel of the CPU backend (${variants.join(" and ")}) against float64 with compensated sums. A number is the largest error of all rows of its kind, in units in the last place (ulp) of the float32 result: ½ is what correct rounding can reach. Results below the smallest normal number (1.2·10⁻³⁸) may be anything from 0 to it.
Allowed are ${loss.ulp} ulp for the loss (1 ulp in ${percent(loss.mostly?.share ?? 1)} of the rows) and ${gradient.ulp} for the gradient ([semantics.md](semantics.md), §7); the command fails when a number is above.

The rows:

${rowClasses.map(({ name, says }) => `- ${name}: ${says}`).join("\n")}

${sections
  .map(
    (section) => `## ${section.kind[0]!.toUpperCase()}${section.kind.slice(1)}

${section.kind === "labels" ? "" : "Where targets are mixed, terms of both signs cancel in the gradient: an ulp here is that of the largest term that went into the number.\n\n"}${sectionTable(section, variants)}
`,
  )
  .join("\n")}`;
}

function ulps({ ulp }: Largest): string {
  return threeDigits(ulp);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0.999 && share < 1 ? 2 : 1)} %`;
}
