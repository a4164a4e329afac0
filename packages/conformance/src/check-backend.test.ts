import { plain } from "@surprisal/backend-cpu/plain";
import { expect, test } from "vitest";
import { caseContext } from "./case-context.ts";
import { inScope } from "./cases/ops/op-case.ts";
import { cases } from "./cases.ts";
import { checkBackend } from "./check-backend.ts";
import { describeBackend } from "./describe-backend.ts";
import { spoiled } from "./fixtures/spoiled.ts";
import { instrument } from "./instrument.ts";

const gemm = (id: string): boolean => id.startsWith("kernel/gemm");
const apiCase = (id: string): boolean => /^(ops|gradients|loss)\//.test(id);
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
  const { verdicts, failed } = await checkBackend({ name: "lax", create }, { filter: gemm });
  expect(failed).toBe(0);
  expect(verdicts.find(({ id }) => id === "kernel/gemm/not-a-number-and-infinity")).toMatchObject({
    status: "skipped",
    reason: expect.stringContaining("strictNonFinite is false"),
  });
});

test("the answers of two backends can be held to each other", async () => {
  const answers = await Promise.all(
    ["f32", "f64"].map(async (precision) => {
      const told: number[][] = [];
      const create = () => plain({ precision: precision as "f32" });
      await checkBackend(
        { name: precision, create },
        { filter: gemm, onAnswer: ({ values, scale }) => told.push([values[0]!, scale(0)]) },
      );
      return told;
    }),
  );
  expect(answers[0]!.length).toBeGreaterThan(10);
  expect(answers[1]!.length).toBe(answers[0]!.length);
  for (const [i, [value, scale]] of answers[0]!.entries()) {
    if (Number.isFinite(value)) expect(Math.abs(value! - answers[1]![i]![0]!)).toBeLessThan(1e-6 * Math.max(1, scale!));
  }
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

// A backend that compiles for each shape compiles so often. The public API's cases need more: a law of every op holds in
// shapes of its own.
test.each([
  ["the contract's", 12, (id: string) => !apiCase(id)],
  ["the public API's", 56, apiCase],
])("no kernel meets more shapes in %s quick cases than %i", async (_, most, filter) => {
  const backend = instrument(await plain().open({ onError: () => {} }));
  for (const one of cases.filter(({ id, tier }) => tier === "quick" && filter(id))) {
    if (one.needs?.(backend.facts, backend.kernels) !== undefined) continue;
    const running = caseContext(backend, one.id, 1);
    await one.run(running.context);
    await running.end();
  }
  const tooMany = [...backend.usage.shapes].filter(([, met]) => met.size > most);
  expect(tooMany.map(([name, met]) => `${name} (${met.size}): ${[...met].join(" | ")}`)).toEqual([]);
});

test("the device that a case opens is closed with the case, and the backend is not", async () => {
  const backend = instrument(await plain().open({ onError: () => {} }));
  const running = caseContext(backend, "one", 1);
  const device = await running.context.open();
  expect(await running.context.open()).toBe(device);
  const kept = device.tensor([1, 2, 3]);
  expect(await running.context.read(kept)).toEqual(Float32Array.of(1, 2, 3));
  await running.end();
  expect(() => device.tensor([1])).toThrow("is closed");
  expect(backend.usage.live).toBe(0);
  const next = caseContext(backend, "two", 1);
  expect(await next.context.read(next.context.float([4]))).toEqual(Float32Array.of(4));
  await next.end();
});

test("an op that leaves memory behind fails its cases", async () => {
  const backend = instrument(await plain().open({ onError: () => {} }));
  const { context } = caseContext(backend, "leak", 1);
  const device = await context.open();
  const leaking = inScope(context, () => {
    device.tensor([1, 2, 3]);
  });
  await expect(leaking).rejects.toThrow("1 handles outlive the scope that they were made in");
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
