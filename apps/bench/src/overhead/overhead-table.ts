import type { Variant } from "../subject.ts";
import { table, threeDigits, withQuartiles } from "../table.ts";
import type { FitOverhead } from "./fit-step.ts";
import type { OpOverhead } from "./op-overhead.ts";

/** Times in µs. */
export function overheadTable(variant: Variant, ops: readonly OpOverhead[]): string {
  return table(
    [variant, "kernel calls", "through core", "kernels alone", "core's share"],
    ops.map(({ name, calls, core, alone, share }) => [
      name,
      String(calls),
      threeDigits(core.median),
      threeDigits(alone.median),
      withQuartiles(share),
    ]),
  );
}

/** What of a step of `fit` is not its kernels. */
export function fitSentence({ calls, fit, byHand, share, shareAtBest }: FitOverhead): string {
  return (
    `A step of fit, 784-128-10, batch 128, Adam, with accuracy: ${threeDigits(fit.median)} µs, at best ${threeDigits(fit.least)}; ` +
    `its rows and ${calls} kernel calls by hand ${threeDigits(byHand.median)} µs, at best ${threeDigits(byHand.least)}: ` +
    `fit's share is ${share.median.toFixed(1)} % [${share.lower.toFixed(1)}–${share.upper.toFixed(1)}], ` +
    `of the best ${shareAtBest.toFixed(1)} %.`
  );
}
