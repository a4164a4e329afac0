import { type HostTensor, ValueError } from "@surprisal/core";
import { loadStateDict, type StateDict, stateDict } from "../state/state-dict.ts";
import { checkRange } from "./optimizer.ts";

/** What an optimizer remembers besides tensors. */
interface Counters {
  readonly steps: number;
  readonly learningRate: number;
}

/** A copy of what an optimizer remembers as it is now, for a file: `steps`, `learningRate`, and its tensors by name. */
export async function optimizerState(memory: object, { steps, learningRate }: Counters): Promise<StateDict> {
  const tensors = stateDict(memory);
  return { steps: scalar(steps), learningRate: scalar(learningRate), ...(await tensors) };
}

/** Writes saved tensors into an optimizer's memory, and returns the rest. All is checked before any of it is written. */
export function loadOptimizerState(op: string, memory: object, state: Readonly<Record<string, HostTensor>>): Counters {
  const { steps, learningRate, ...tensors } = state ?? {};
  const counters = {
    steps: numberIn(op, "steps", steps),
    learningRate: numberIn(op, "learningRate", learningRate),
  };
  if (!Number.isSafeInteger(counters.steps)) {
    throw new ValueError(`${op}: steps is a whole number, not ${counters.steps}`);
  }
  loadStateDict(memory, tensors);
  return counters;
}

function scalar(value: number): { readonly shape: readonly []; readonly data: Float64Array } {
  return { shape: [], data: Float64Array.of(value) };
}

function numberIn(op: string, name: string, saved: HostTensor | undefined): number {
  if (saved?.data?.length !== 1) {
    throw new ValueError(`${op}: the state has no number "${name}"; it is saved by an optimizer's stateDict()`);
  }
  const value = saved.data[0]!;
  checkRange(op, name, value, 0, Number.POSITIVE_INFINITY);
  return value;
}
