import { checkKeys, OptionError } from "@surprisal/core";
import { cosineOfHalfTurns, wholePower } from "./exact-functions.ts";

/**
 * The learning rate of each step, counted from 0: a pure function. + − × ÷ alone, so that every machine steps alike.
 *
 * ```js
 * const schedule = cosineDecay({ learningRate: 1e-3, steps: 5000, warmup: 200 });
 * optimizer.learningRate = schedule(optimizer.steps); // or compile(model, { …, schedule })
 * ```
 */
export type Schedule = (step: number) => number;

/** The same rate always. */
export function constantRate(learningRate: number): Schedule {
  checkRate("constantRate", "learningRate", learningRate);
  return () => learningRate;
}

export interface StepDecayOptions {
  readonly learningRate: number;
  /** How many steps a rate lasts. */
  readonly every: number;
  /** Default 0.1. */
  readonly factor?: number;
}

/** learningRate · factor^⌊step/every⌋ (`torch.optim.lr_scheduler.StepLR`). */
export function stepDecay(options: StepDecayOptions): Schedule {
  checkKeys("stepDecay", options, ["learningRate", "every", "factor"]);
  const { learningRate, every, factor = 0.1 } = options;
  checkRate("stepDecay", "learningRate", learningRate);
  checkSteps("stepDecay", "every", every, 1);
  checkRate("stepDecay", "factor", factor);
  return (step) => learningRate * wholePower(factor, Math.floor(step / every));
}

/** learningRate · factor^step (`torch.optim.lr_scheduler.ExponentialLR`). */
export function exponentialDecay(options: { readonly learningRate: number; readonly factor: number }): Schedule {
  checkKeys("exponentialDecay", options, ["learningRate", "factor"]);
  const { learningRate, factor } = options;
  checkRate("exponentialDecay", "learningRate", learningRate);
  checkRate("exponentialDecay", "factor", factor);
  return (step) => learningRate * wholePower(factor, step);
}

export interface CosineDecayOptions {
  /** The rate at its height. */
  readonly learningRate: number;
  /** After how many steps the lowest rate is reached, warm-up included. It stays from there on. */
  readonly steps: number;
  /** Default 0. */
  readonly finalRate?: number;
  /** How many steps the rate first rises for, in a straight line from learningRate/(warmup + 1) (default 0). */
  readonly warmup?: number;
}

/**
 * Half a cosine from `learningRate` down to `finalRate`, after a warm-up (Loshchilov & Hutter 2017):
 * final + (learningRate − final)·(1 + cos(π·t))/2 with t from 0 to 1.
 */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  checkKeys("cosineDecay", options, ["learningRate", "steps", "finalRate", "warmup"]);
  const { learningRate, steps, finalRate = 0, warmup: rise = 0 } = options;
  checkRate("cosineDecay", "learningRate", learningRate);
  checkRate("cosineDecay", "finalRate", finalRate);
  checkSteps("cosineDecay", "warmup", rise, 0);
  checkSteps("cosineDecay", "steps", steps, rise + 1);
  const decay: Schedule = (step) => {
    const t = Math.min(step / (steps - rise), 1);
    return finalRate + ((learningRate - finalRate) * (1 + cosineOfHalfTurns(t))) / 2;
  };
  return rise === 0 ? decay : warmup(decay, rise);
}

/** learningRate at first, in a straight line to `finalRate` at `steps` (`keras` and Hugging Face's linear decay). */
export function linearDecay(options: Omit<CosineDecayOptions, "warmup">): Schedule {
  checkKeys("linearDecay", options, ["learningRate", "steps", "finalRate"]);
  const { learningRate, steps, finalRate = 0 } = options;
  checkRate("linearDecay", "learningRate", learningRate);
  checkRate("linearDecay", "finalRate", finalRate);
  checkSteps("linearDecay", "steps", steps, 1);
  return (step) => learningRate + (finalRate - learningRate) * Math.min(step / steps, 1);
}

/** Another schedule after `steps` steps that rise to its first rate in a straight line: rate₀·(step + 1)/(steps + 1). */
export function warmup(schedule: Schedule, steps: number): Schedule {
  checkSteps("warmup", "steps", steps, 1);
  return (step) => (step < steps ? (schedule(0) * (step + 1)) / (steps + 1) : schedule(step - steps));
}

function checkRate(op: string, name: string, rate: number): void {
  if (typeof rate === "number" && rate >= 0 && rate < Number.POSITIVE_INFINITY) return;
  throw new OptionError(`${op}: ${name} is a finite number ≥ 0, not ${String(rate)}`);
}

function checkSteps(op: string, name: string, steps: number, least: number): void {
  if (Number.isSafeInteger(steps) && steps >= least) return;
  throw new OptionError(`${op}: ${name} is a whole number of steps ≥ ${least}, not ${String(steps)}`);
}
