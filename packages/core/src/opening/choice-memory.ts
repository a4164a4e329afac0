import { version } from "../version.ts";
import type { Candidate } from "./candidate.ts";
import type { Workload } from "./workload.ts";

/**
 * Where choices are remembered, by a text for each: a Map, or a browser's storage as
 * `{ get: (key) => localStorage.getItem(key), set: (key, value) => localStorage.setItem(key, value) }`.
 */
export interface ChoiceStore {
  get(key: string): string | null | undefined | Promise<string | null | undefined>;
  set(key: string, value: string): unknown;
}

/** The choices of this program, where no store is given. */
export const choicesOfThisProgram: ChoiceStore = new Map<string, string>();

/**
 * The text under which a choice is remembered: all that it depends on. A function cannot be compared with one of another
 * program, so its key holds in this one only.
 */
export function choiceKey(candidates: readonly Candidate[], workload: Workload): string {
  const about = candidates.map((candidate) => {
    const facts = candidate.backend?.facts;
    return facts === undefined ? [candidate.name] : [candidate.name, facts.variant, facts.threads, facts.device];
  });
  const work = typeof workload === "function" ? numberOf(workload) : workload;
  return `surprisal ${version} openDevice ${JSON.stringify([about, work])}`;
}

const functions = new WeakMap<object, string>();
let counted = 0;

function numberOf(workload: object): string {
  let number = functions.get(workload);
  if (number === undefined) {
    number = `${Date.now()}.${Math.random()}.${counted++}`;
    functions.set(workload, number);
  }
  return number;
}

/** The candidate that was chosen before under this key, if it is still there. */
export async function recall(
  store: ChoiceStore,
  key: string,
  candidates: readonly Candidate[],
): Promise<Candidate | undefined> {
  const kept = await store.get(key);
  const candidate = /^\d+$/.test(kept ?? "") ? candidates[Number(kept)] : undefined;
  return candidate?.isFit ? candidate : undefined;
}

/** Remembers that the candidate at `index` was chosen. */
export async function remember(store: ChoiceStore, key: string, index: number): Promise<void> {
  await store.set(key, String(index));
}
