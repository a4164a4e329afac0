import type { Candidate, Verify } from "./candidate.ts";
import type { Choice } from "./choice.ts";

/** The first candidate that can be had; those behind it are not asked. */
export async function firstAvailable(candidates: readonly Candidate[], verify: Verify | undefined): Promise<Choice> {
  for (const [i, candidate] of candidates.entries()) {
    if (!((await candidate.open()) && (await candidate.verify(verify)))) continue;
    candidate.pass("chosen", "the first that is available");
    const reserve = candidates.slice(i + 1);
    for (const later of reserve) later.pass("not tried", `${candidate.name} is available`);
    return { chosen: candidate, reserve };
  }
  return { chosen: undefined, reserve: [] };
}
