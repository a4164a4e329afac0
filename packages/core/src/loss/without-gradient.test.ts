/** What has no gradient holds on to nothing that it was made of. */
import { expect, it } from "vitest";
import { openPlain } from "../../testing/claims.ts";
import { crossEntropyTerms, lossFromRowStates, mergeRowStates, rowStates } from "../index.ts";

it("states, their losses and diagnostics leave nothing behind once they are disposed", async () => {
  const device = await openPlain();
  const before = device.memory().handles;
  for (const axis of [0, 1]) {
    const [z, q] = [
      device.tensor([
        [1, 2],
        [3, 5],
      ]),
      device.tensor([
        [1, 0],
        [0, 1],
      ]),
    ];
    const own = device.tensor([2, 5]);
    const states = rowStates(z, { temperature: 0.5, axis });
    const merged = mergeRowStates(states, states);
    const loss = lossFromRowStates(merged, own, { temperature: 0.5 });
    const options = { axis, softcap: 3, rowWeights: [0, 1], diagnostics: true } as const;
    const { diagnostics, ...parts } = crossEntropyTerms(z, { probabilities: q }, options);
    const { nonFinite, ...others } = diagnostics;
    const all = [z, q, own, states, merged, loss, ...Object.values(parts), ...Object.values(others)];
    for (const tensor of [...all, nonFinite!.count, nonFinite!.first]) tensor!.dispose();
    expect(device.memory().handles).toBe(before);
  }
});
