import { OptionError } from "@surprisal/core";
import { checkRange } from "../optimizers/optimizer.ts";
import type { Logs } from "./scores.ts";

export interface MonitorOptions {
  /** The name in the logs to watch (default `"val_loss"`). */
  readonly monitor?: string;
  /** Whether less or more is better; by default more where the name speaks of accuracy. */
  readonly mode?: "min" | "max";
  /** How much better counts as better. */
  readonly minDelta?: number;
  /** How many epochs may pass without better. */
  readonly patience?: number;
}

/** Watches one number from epoch to epoch. */
export interface Monitor {
  /** Whether this epoch is the best so far; if not, it counts as one more without. */
  improved(logs: Logs): boolean;
  /** How many epochs passed since the best, or since `begin`. */
  waited(): number;
  /** Counts anew from here on. */
  rest(): void;
  /** Forgets everything. */
  begin(): void;
}

export function monitorOf(op: string, options: MonitorOptions, defaultDelta: number): Monitor {
  const { monitor = "val_loss", minDelta = defaultDelta } = options;
  if (typeof monitor !== "string")
    throw new OptionError(`${op}: monitor is a name in the logs, not ${String(monitor)}`);
  if (options.mode !== undefined && options.mode !== "min" && options.mode !== "max") {
    throw new OptionError(`${op}: mode is "min" or "max", not ${String(options.mode)}`);
  }
  checkRange(op, "minDelta", minDelta, 0, Number.POSITIVE_INFINITY);
  if (options.patience !== undefined && !(Number.isSafeInteger(options.patience) && options.patience >= 0)) {
    throw new OptionError(`${op}: patience is a whole number of epochs ≥ 0, not ${String(options.patience)}`);
  }
  const more = options.mode === undefined ? /acc/.test(monitor) : options.mode === "max";
  let best = Number.NaN;
  let waited = 0;
  return {
    improved(logs) {
      const value = logs[monitor];
      if (value === undefined) {
        throw new OptionError(`${op}: there is no "${monitor}" to watch; there are ${Object.keys(logs).join(", ")}`);
      }
      const better = Number.isNaN(best) || (more ? value > best + minDelta : value < best - minDelta);
      if (better) best = value;
      waited = better ? 0 : waited + 1;
      return better;
    },
    waited: () => waited,
    rest: () => {
      waited = 0;
    },
    begin: () => {
      best = Number.NaN;
      waited = 0;
    },
  };
}
