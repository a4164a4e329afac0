import { cpu } from "@surprisal/backend-cpu";
import type { Backend, HostArray } from "@surprisal/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sameBits } from "../testing/in-step.ts";
import { largeCalls, outcome } from "../testing/large-calls.ts";
import { anyChunks } from "../testing/schedules.ts";
import { workers } from "./index.ts";

const opening = { onError: () => {} };

let expected: HostArray[][];
beforeAll(async () => {
  const reference = (await cpu().open(opening)) as Backend;
  expected = [];
  for (const call of largeCalls) expected.push(await outcome(reference, call));
  await reference.close();
});

const schedules = [1, 2, 3, 4, 7, 16].map((threads) => ({ how: `${threads} threads`, threads, testing: {} }));
const forced = [11, 12, 13].map((seed) => ({
  how: `chunks of any size, and late threads (seed ${seed})`,
  threads: 3,
  testing: { chunking: anyChunks(seed), faults: { seed, delayEvery: 10, lateness: 1 } },
}));

describe.each([...schedules, ...forced])("$how", ({ threads, testing }) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = (await workers({ threads, testing }).open(opening)) as Backend;
  });
  afterAll(() => backend.close());

  it.each(largeCalls.map((call, i) => ({ ...call, i })))("$name: the bits of cpu", async ({ i }) => {
    const found = await outcome(backend, largeCalls[i]!);
    expect(found.length).toBe(expected[i]!.length);
    for (const [j, array] of expected[i]!.entries()) sameBits(array, found[j]!);
  });
});
