import { messageOf } from "../errors.ts";
import type { Candidate, Verify } from "./candidate.ts";
import type { Choice } from "./choice.ts";
import { type ChoiceStore, choiceKey, choicesOfThisProgram, recall, remember } from "./choice-memory.ts";
import { type Patience, within } from "./patience.ts";
import { type CandidateStatus, inMilliseconds } from "./report.ts";
import { timeCandidates } from "./timing.ts";
import type { Workload } from "./workload.ts";

/** What candidates are timed on. */
export interface Race {
  readonly workload: Workload;
  /** Milliseconds after which no measurement begins. */
  readonly budget: number;
  /** Where the choice is remembered: in this program if absent. */
  readonly remember: ChoiceStore | false | undefined;
  readonly patience: Patience;
}

/** The fastest of the candidates, as remembered or as timed now. All of them are opened, and none is closed. */
export async function fastest(
  candidates: readonly Candidate[],
  verify: Verify | undefined,
  { workload, budget, remember: given, patience }: Race,
): Promise<Choice> {
  const store = given === false ? undefined : (given ?? choicesOfThisProgram);
  for (const candidate of candidates) await candidate.open();
  const key = choiceKey(candidates, workload);
  const before = store && (await recalled(store, key, candidates, patience));
  if (before !== undefined && (await before.verify(verify))) {
    const reserve = othersBehind(before, candidates, "not chosen", `${before.name} is remembered as faster`);
    before.pass("chosen", "the fastest, as remembered");
    return { chosen: before, reserve, says: "remembered: the workload was timed before" };
  }
  for (const candidate of candidates) if (candidate.isFit) await candidate.verify(verify);
  const runners = candidates.filter((candidate) => candidate.isFit);
  await timeCandidates(runners, workload, budget);
  const [chosen] = runners.filter((candidate) => candidate.isFit).sort(byTime);
  if (chosen === undefined) return { chosen, reserve: [] };
  const kept = store && (await remembered(store, key, candidates.indexOf(chosen), patience));
  const time = inMilliseconds(chosen.timing!.milliseconds);
  const reserve = othersBehind(chosen, candidates, "slower", `${chosen.name} takes ${time}`);
  chosen.pass("chosen", reserve.length === 0 ? "the only one" : "the fastest");
  return { chosen, reserve, says: `timed within ${budget} ms${kept ? `, ${kept}` : ""}` };
}

/** All fit candidates but the chosen one, the fastest first. */
function othersBehind(
  chosen: Candidate,
  candidates: readonly Candidate[],
  status: CandidateStatus,
  reason: string,
): Candidate[] {
  const others = candidates.filter((candidate) => candidate.isFit && candidate !== chosen).sort(byTime);
  for (const candidate of others) candidate.pass(status, reason);
  return others;
}

function byTime(a: Candidate, b: Candidate): number {
  return (a.timing?.milliseconds ?? 0) - (b.timing?.milliseconds ?? 0);
}

async function recalled(
  store: ChoiceStore,
  key: string,
  candidates: readonly Candidate[],
  patience: Patience,
): Promise<Candidate | undefined> {
  try {
    return await within(patience, "remember", () => recall(store, key, candidates));
  } catch {
    // A store that cannot be read is one that cannot be written, and the report tells of that.
    patience.signal?.throwIfAborted();
    return undefined;
  }
}

async function remembered(store: ChoiceStore, key: string, index: number, patience: Patience): Promise<string> {
  try {
    await within(patience, "remember", () => remember(store, key, index));
    return "and remembered";
  } catch (error) {
    patience.signal?.throwIfAborted();
    return `and not remembered: ${messageOf(error)}`;
  }
}
