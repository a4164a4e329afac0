import { plain } from "@surprisal/backend-cpu/plain";
import { quickCheck, randomNumbers } from "@surprisal/conformance";
import { describe, expect, it } from "vitest";
import { altered, eachCall, filling, Ledger, never, spoiling } from "../../testing/broken.ts";
import { rejection } from "../../testing/claims.ts";
import type { Backend, BackendProvider } from "../backend.ts";
import { type CandidateStatus, openDevice } from "../index.ts";

const withFacts = (name: string, facts: Partial<Record<keyof Backend["facts"], unknown>>): BackendProvider =>
  altered(name, (backend) => ({ facts: { ...backend.facts, ...facts } as Backend["facts"] }));

/** One kernel runs with other numbers than it was given. */
const misread = (name: string, kernel: string, params: Record<string, unknown>): BackendProvider =>
  altered(name, (backend) => ({
    kernels: eachCall(backend, (called, run) => (outputs, inputs, given) => {
      run(outputs, inputs, called === kernel ? ({ ...(given as object), ...params } as never) : given);
    }),
  }));

/** The rows of what the loss gives, moved down by one. */
const offByOne = spoiling("wrong rows", async (backend, kernel, outputs, lengths) => {
  if (kernel !== "softmaxCrossEntropy") return;
  const [handle] = outputs;
  const length = lengths.get(handle)!;
  const moved = backend.alloc("float", length);
  backend.kernels.unary({ y: moved }, { x: handle }, { fn: "affine", alpha: 1, beta: 0, length });
  const params = { dims: [length], strides: [1], offset: -1, from: [1], to: [length] };
  backend.kernels.rearrange({ y: handle }, { x: moved }, params);
  backend.free(moved);
});

/** How it is broken, what becomes of it, and what the report says. */
const broken: readonly [provider: BackendProvider, status: CandidateStatus, says: string][] = [
  [
    {
      name: "throws on open",
      open: () => {
        throw new Error("no driver");
      },
    },
    "unavailable",
    "no driver",
  ],
  [{ name: "rejects on open", open: () => Promise.reject(new Error("no adapter")) }, "unavailable", "no adapter"],
  [{ name: "hangs on open", open: never }, "no answer", "open: no answer within 500 ms"],
  [{ name: "opens nothing", open: () => undefined as never }, "wrong", "open gave undefined, not a backend"],
  [filling("zeros", 0), "wrong", "expected -8, got 0"],
  [filling("NaN", Number.NaN), "wrong", "expected -8, got NaN"],
  [offByOne, "wrong", "expected 0.3692789984482534, got 0"],
  [misread("ignores a transpose", "gemm", { transB: false }), "wrong", "golden/matmul of transposes"],
  [
    altered("has an sgd that does nothing", ({ kernels }) => ({ kernels: { ...kernels, sgd: () => {} } })),
    "wrong",
    "golden/sgd: [0]: expected 0.40625, got 1",
  ],
  [altered("hangs in read", () => ({ read: never })), "no answer", "verify: no answer within 500 ms"],
  [
    altered("rejects every read", () => ({ read: () => Promise.reject(new Error("mapAsync failed")) })),
    "wrong",
    "mapAsync failed",
  ],
  [
    altered("throws later", (backend) => {
      let calls = 0;
      return {
        kernels: eachCall(backend, (_, run) => (outputs, inputs, params) => {
          if (++calls > 5) throw new Error("the device was removed");
          run(outputs, inputs, params);
        }),
      };
    }),
    "wrong",
    "the device was removed",
  ],
  [
    altered("fails in the background", (backend, { onError }) => {
      setTimeout(() => onError(new Error("validation error")), 0);
      return {
        async read(handle) {
          await new Promise((done) => setTimeout(done, 2));
          return backend.read(handle);
        },
      };
    }),
    "failed",
    "verify: onError was called: validation error",
  ],
  [
    altered("cannot allocate", () => ({
      alloc: () => {
        throw new Error("out of memory");
      },
    })),
    "failed",
    "it cannot hold a number: out of memory",
  ],
  [altered("has no read", () => ({ read: undefined as never })), "wrong", "the backend has no read"],
  [
    altered("has no gather", ({ kernels }) => ({ kernels: { ...kernels, gatherRows: undefined as never } })),
    "wrong",
    "the required kernel gatherRows is missing",
  ],
  [withFacts("invents a class", { precision: "f16" }), "wrong", 'facts.precision is the string "f16"'],
  [withFacts("claims to hold nothing", { maxLength: Number.NaN }), "wrong", "facts.maxLength is the number NaN"],
  [withFacts("contradicts itself", { precision: "f64" }), "wrong", "facts.floatBytes is the number 4, and f64 has 8"],
  [withFacts("claims float64", { precision: "f64", floatBytes: 8 }), "wrong", "expected a Float64Array"],
  [
    altered("hangs in close, and is wrong", (backend) => ({
      close: never,
      kernels: { ...backend.kernels, gemm: () => {} },
    })),
    "wrong",
    "golden/matmul",
  ],
];

/** Those that hang are given half a second; the others what a busy machine may take. */
const patience = ({ name }: BackendProvider): number => (name.includes("hangs") ? 500 : 10_000);

describe("a broken candidate is never opened, and the report says why", () => {
  it.each(broken.map((row) => [row[0].name, ...row] as const))("%s", async (_, provider, status, says) => {
    const ledger = new Ledger();
    const right = ledger.watched(plain() as BackendProvider);
    const device = await openDevice([ledger.watched(provider), right], { verify: true, deadline: patience(provider) });
    expect(device.facts.name).toBe("plain");
    const [first, second] = device.report.candidates;
    expect(first).toMatchObject({ name: provider.name, status });
    expect(first!.reason).toContain(says);
    expect(second).toMatchObject({ status: "chosen", verification: { cases: 21 } });
    expect([...ledger.open]).toEqual([expect.stringMatching(/^plain /)]);
    await device.close();
    expect([...ledger.open]).toEqual([]);
  });

  it.each(broken.map((row) => [row[0].name, row[0]] as const))(
    "also when there is nothing else: %s",
    async (_, provider) => {
      const ledger = new Ledger();
      const error = await rejection(
        openDevice([ledger.watched(provider)], { verify: true, deadline: patience(provider) }),
      );
      expect(error.code).toBe("UNAVAILABLE");
      expect(error.message).toContain(`no backend is available: ${provider.name} (`);
      expect([...ledger.open]).toEqual([]);
    },
  );

  it.each([filling("zeros", 0), filling("NaN", Number.NaN), offByOne])(
    "$name, by quickCheck of the kit",
    async (provider) => {
      const device = await openDevice([provider, plain()], { verify: quickCheck });
      const [first, second] = device.report.candidates;
      expect(first!.status).toBe("wrong");
      expect(first!.verification!.fault!.id).toMatch(/^(kernel|queue|loss|op)/);
      expect(first!.reason).toMatch(/expected .* got/);
      expect(second!.verification!.cases).toBeGreaterThan(12);
      await device.close();
    },
  );
});

it("a candidate that hangs in the workload, or fails in it, is not the device", async () => {
  const ledger = new Ledger();
  let isTimed = false;
  const whileTimed = (name: string, read: () => Promise<never>): BackendProvider =>
    ledger.watched(altered(name, (backend) => ({ read: (handle) => (isTimed ? read() : backend.read(handle)) })));
  const device = await openDevice(
    [
      whileTimed("hangs", never),
      whileTimed("fails", () => Promise.reject(new Error("watchdog"))),
      ledger.watched(plain() as BackendProvider),
    ],
    {
      verify: true,
      deadline: 300,
      remember: false,
      budget: 1,
      workload: async (device) => {
        isTimed = true;
        await device.tensor([1]).data();
      },
    },
  );
  expect(device.report.candidates).toMatchObject([
    { name: "hangs", status: "no answer", reason: "workload: no answer within 300 ms" },
    { name: "fails", status: "failed", reason: expect.stringMatching(/^workload: .*watchdog/) },
    { name: "plain", status: "chosen", reason: "the only one" },
  ]);
  await device.close();
  expect([...ledger.open]).toEqual([]);
});

it("one that opens after it was given up is closed", async () => {
  const ledger = new Ledger();
  const slow: BackendProvider = {
    name: "slow",
    open: async (options) => {
      await new Promise((done) => setTimeout(done, 120));
      return plain().open(options) as Backend;
    },
  };
  const device = await openDevice([ledger.watched(slow), plain()], { deadline: 30 });
  expect(device.report.candidates[0]).toMatchObject({ status: "no answer" });
  await new Promise((done) => setTimeout(done, 150));
  expect([...ledger.open]).toEqual([]);
  await device.close();
});

it("a loser that hangs in close, or fails in it, does not hold up the device, and the report says so", async () => {
  const device = await openDevice(
    [
      plain(),
      altered("hangs in close", () => ({ close: never })),
      altered("fails in close", () => ({ close: () => Promise.reject(new Error("a kernel had failed")) })),
    ],
    { workload: [{ op: "elementwise", length: 8 }], budget: 1, deadline: 100, remember: false, verify: true },
  );
  const of = (name: string) => device.report.candidates.find((candidate) => candidate.name === name)!;
  if (device.facts.name !== "hangs in close")
    expect(of("hangs in close").closing).toBe("close: no answer within 100 ms");
  if (device.facts.name !== "fails in close") expect(of("fails in close").closing).toBe("a kernel had failed");
  await Promise.race([device.close().catch(() => {}), new Promise((done) => setTimeout(done, 10))]);
});

it("whatever is broken and whenever one gives up, what is returned is right, and nothing else stays open", async () => {
  const random = randomNumbers("broken candidates");
  const any = broken.map(([provider]) => provider);
  for (let round = 0; round < 60; round++) {
    const ledger = new Ledger();
    const candidates = Array.from({ length: 1 + random.integer(4) }, () =>
      ledger.watched(random.uniform() < 0.3 ? (plain() as BackendProvider) : any[random.integer(any.length)]!),
    );
    const signal = random.uniform() < 0.3 ? AbortSignal.timeout(random.integer(40)) : undefined;
    const workload = random.uniform() < 0.5 ? ([{ op: "elementwise", length: 4 }] as const) : undefined;
    const options = { verify: true, deadline: 25, signal, workload, budget: 2, remember: false } as const;
    const device = await openDevice(candidates, options).catch((error) => {
      expect(error === signal?.reason || error.code === "UNAVAILABLE", String(error)).toBe(true);
    });
    if (device !== undefined) expect(device.facts.name).toBe("plain");
    await device?.close();
    // What was still on its way when everything was given up.
    await new Promise((done) => setTimeout(done, 5));
    expect([...ledger.open], candidates.map(({ name }) => name).join(", ")).toEqual([]);
  }
});
