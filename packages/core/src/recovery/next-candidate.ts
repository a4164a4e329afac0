import { DeviceLostError } from "../errors.ts";
import type { Opening, Successor } from "../opening/opening.ts";

/** The next candidate that can be had, once the one in use is lost. */
export async function nextCandidate(opening: Opening, error: Error): Promise<Successor> {
  const { chosen, reserve, by, patience } = opening;
  chosen?.pass("lost", error.message);
  for (let next = reserve.shift(); next !== undefined; next = reserve.shift()) {
    if ((await next.open()) && (await next.verify(by.verify))) {
      next.pass("chosen", "the one before was lost");
      return opening.inUse(next);
    }
    await next.close(patience);
  }
  throw new DeviceLostError(`recovering: ${error.message}; no candidate is left: ${opening.reasons()}`, {
    cause: error.cause,
  });
}
