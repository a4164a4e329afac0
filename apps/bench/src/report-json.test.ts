import { expect, test } from "vitest";
import { fromJson, toJson } from "./report-json.ts";
import { performancePage, type SpeedReport } from "./speed-report.ts";
import { spread } from "./statistics.ts";

const result = (name: string, ours: boolean, ulp: number) => ({
  name,
  library: name,
  ours,
  says: `how ${name} does it`,
  device: "here",
  errors: ours ? { measured: { ulp } } : { measured: { ulp }, fault: "not nearly right" },
  time: spread([1, 2, 4]),
  rounds: 3,
  rate: { unit: "ones/s", value: 500 },
  multipleOf: {},
});
const report: SpeedReport = {
  command: "pnpm bench",
  date: "2026-11-22",
  machine: { cpu: "a processor", cores: 4, platform: "linux x64", node: "24.0.0", v8: "13" },
  versions: { other: "1.2.3" },
  load: 0.5,
  sampleMs: 20,
  mostMs: 6000,
  workloads: [{ name: "training", says: "Training." }],
  shapes: [
    {
      workload: "training",
      shape: "1x2",
      rounds: 3,
      load: [1, 2],
      results: [result("surprisal relaxed", true, 2), result("other", false, Number.POSITIVE_INFINITY)],
      absent: [{ name: "third", library: "third", reason: "offline" }],
    },
  ],
};

test("a page is the same from a report and from its JSON", () => {
  const page = performancePage(fromJson(toJson(report)));
  expect(page).toBe(performancePage(report));
  expect(page).toContain("| other             | 2 000 | 1 000 | 500    | WRONG               | ∞    |");
  expect(page).toContain("Not there: third (offline)");
  expect(page).toContain("other 1.2.3");
});
