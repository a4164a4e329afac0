import { plain } from "@surprisal/backend-cpu/plain";
import { expect, test } from "vitest";
import { caseContext } from "./case-context.ts";
import { cases } from "./cases.ts";
import { checkBackend } from "./check-backend.ts";
import { describeBackend } from "./describe-backend.ts";
import { spoiled } from "./fixtures/spoiled.ts";
import { instrument } from "./instrument.ts";

const gemm = (id: string): boolean => id.startsWith("kernel/gemm");
const subject = { name: "plain", create: () => plain() };

test("ids are unique, and say their group", () => {
  const ids = cases.map((one) => one.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const one of cases) expect(one.id.startsWith(`${one.group}/`)).toBe(true);
});

test("a report is plain data with the worst error of each group", async () => {
  const seen: string[] = [];
  const report = await checkBackend(subject, { filter: gemm, onVerdict: ({ id }) => seen.push(id) });
  expect(report).toMatchObject({
    name: "plain",
    tier: "quick",
    seed: 1,
    failed: 0,
    facts: { precision: "f32-rounded" },
  });
  expect(seen.at(-1)).toBe("backend/close");
  expect(report.worst["kernel/gemm"]).toMatchObject({ quantity: "product" });
  expect(report.worst["kernel/gemm"]!.ulp).toBeLessThanOrEqual(0.5);
  expect(JSON.parse(JSON.stringify(report))).toMatchObject({ passed: report.passed });
});

test("the full tier includes the quick one", async () => {
  const count = async (tier: "quick" | "full"): Promise<number> =>
    (await checkBackend(subject, { tier, filter: (id) => id.startsWith("kernel/reduce") })).verdicts.length;
  expect(await count("full")).toBeGreaterThan(await count("quick"));
});

test("a skip of an unknown case fails", async () => {
  const { verdicts } = await checkBackend({ ...subject, skip: { "kernel/gemm/none": "why not" } }, { filter: gemm });
  expect(verdicts[0]).toMatchObject({
    status: "failed",
    message: "no case is called kernel/gemm/none: remove the skip",
  });
});

test("a skipped case that would pass fails, and one that fails is skipped with its reason", async () => {
  const create = () =>
    spoiled(plain(), ({ kernels }) => ({ kernels: { gemm: (c, ab, p) => kernels.gemm(c, ab, { ...p, batch: 1 }) } }));
  const skip = { "kernel/gemm/batch": "no batches yet", "kernel/gemm/plain": "not sure" };
  const { verdicts } = await checkBackend({ name: "no batches", create, skip }, { filter: gemm });
  const of = (id: string) => verdicts.find((verdict) => verdict.id === id);
  expect(of("kernel/gemm/batch")).toMatchObject({ status: "skipped", reason: "no batches yet" });
  expect(of("kernel/gemm/plain")).toMatchObject({ status: "failed", message: "would pass: remove the skip" });
});

test("a backend without strict NaN skips the cases about it, with that reason", async () => {
  const create = () => spoiled(plain(), ({ facts }) => ({ facts: { ...facts, strictNonFinite: false } }));
  const { verdicts, failed } = await checkBackend({ name: "lax", create });
  expect(failed).toBe(0);
  expect(verdicts.find(({ id }) => id === "kernel/gemm/not-a-number-and-infinity")).toMatchObject({
    status: "skipped",
    reason: expect.stringContaining("strictNonFinite is false"),
  });
});

test("an aborted check ends between two cases", async () => {
  const controller = new AbortController();
  const checking = checkBackend(subject, {
    signal: controller.signal,
    onVerdict: () => controller.abort(new Error("enough")),
  });
  await expect(checking).rejects.toThrow("enough");
});

test("another seed has other data and the same verdicts", async () => {
  const reports = await Promise.all([1, 2].map((seed) => checkBackend(subject, { seed, filter: gemm })));
  expect(reports[0]!.failed + reports[1]!.failed).toBe(0);
  expect(reports[0]!.worst).not.toEqual(reports[1]!.worst);
});

test("no kernel meets more than twelve shapes in the quick tier", async () => {
  const backend = instrument(await plain().open({ onError: () => {} }));
  for (const one of cases.filter(({ tier }) => tier === "quick")) {
    if (one.needs?.(backend.facts, backend.kernels) === undefined)
      await one.run(caseContext(backend, one.id, 1).context);
  }
  const tooMany = [...backend.usage.shapes].filter(([, met]) => met.size > 12);
  expect(tooMany.map(([name, met]) => `${name} (${met.size}): ${[...met].join(" | ")}`)).toEqual([]);
});

test("describeBackend registers one test a case with any runner", async () => {
  const tests = new Map<string, (context?: unknown) => Promise<void>>();
  const runner = {
    describe: (_name: string, body: () => void) => body(),
    test: (name: string, body: (context?: unknown) => Promise<void>) => tests.set(name, body),
  };
  describeBackend(subject, runner, { filter: (id) => gemm(id) || id === "fusion/linear" });
  expect([...tests.keys()].slice(0, 2)).toEqual(["every skip names a case", "kernel/gemm/plain"]);
  const skipped: unknown[] = [];
  for (const body of tests.values()) await body({ skip: (reason: string) => skipped.push(reason) });
  expect(skipped).toEqual(["linear is not offered: core derives it"]);
});
