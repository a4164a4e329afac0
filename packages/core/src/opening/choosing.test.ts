import { plain } from "@surprisal/backend-cpu/plain";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { altered, eachCall, filling, Ledger, never } from "../../testing/broken.ts";
import { rejection } from "../../testing/claims.ts";
import type { BackendProvider } from "../backend.ts";
import { type ChoiceStore, type Device, formatReport, matmul, type OpenReport, openDevice } from "../index.ts";
import { version } from "../version.ts";

/** Time passes where it is told to, and a little at each look at the clock: a busy machine decides nothing. */
let clock = 0;
beforeEach(() => {
  vi.spyOn(performance, "now").mockImplementation(() => {
    clock += 0.01;
    return clock;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Plain whose products of matrices take some milliseconds each. */
const slower = (name: string, milliseconds: number): BackendProvider =>
  altered(name, (backend) => ({
    kernels: eachCall(backend, (kernel, run) => (outputs, inputs, params) => {
      run(outputs, inputs, params);
      if (kernel === "gemm") clock += milliseconds;
    }),
  }));

const workload = [
  { op: "matmul", m: 4, k: 8, n: 2 },
  { op: "softmaxCrossEntropy", rows: 4, classes: 3 },
  { op: "elementwise", length: 16, times: 2 },
] as const;

describe("a workload", () => {
  it("takes the fastest, closes the others, and reports every time", async () => {
    const ledger = new Ledger();
    const candidates = [slower("snail", 8), slower("hare", 1), slower("tortoise", 4)].map((one) => ledger.watched(one));
    const reports: OpenReport[] = [];
    const device = await openDevice(candidates, {
      workload,
      verify: true,
      remember: false,
      onReport: (report) => reports.push(report),
    });
    expect(device.facts.name).toBe("hare");
    expect([...ledger.open]).toEqual(["hare 1"]);
    expect(reports).toEqual([device.report]);
    const { candidates: found, choice } = device.report;
    expect(found.map(({ status }) => status)).toEqual(["slower", "chosen", "slower"]);
    expect(choice).toBe("timed within 250 ms");
    const [snail, hare, tortoise] = found.map(({ timing }) => timing!.milliseconds);
    expect([snail, hare, tortoise].map((time) => Math.round(time!))).toEqual([8, 1, 4]);
    expect(found.every(({ verification }) => verification!.fault === undefined)).toBe(true);
    expect(found[0]!.reason).toMatch(/^hare takes \d/);
    await device.close();
  });

  it("is timed as a whole where it is a function, which leaves nothing behind", async () => {
    const devices = new Set<Device>();
    const chosen = await openDevice([slower("slow", 5), plain()], {
      remember: false,
      budget: 60,
      workload: async (device: Device) => {
        devices.add(device);
        const x = device.tensor([[1, 2]]);
        await matmul(x, device.tensor([[3], [4]])).data();
      },
    });
    expect(chosen.facts.name).toBe("plain");
    expect(devices.size).toBeGreaterThan(5);
    for (const device of devices) expect(device.memory()).toMatchObject({ handles: 0, bytes: 0 });
    await chosen.close();
  });

  it("ends with its budget: a candidate whose first run is longer has no second", async () => {
    let runs = 0;
    const device = await openDevice([slower("slow", 60), plain()], {
      remember: false,
      budget: 30,
      workload: async (device) => {
        if (device.facts.name === "slow") runs++;
        matmul(device.tensor([[1]]), device.tensor([[1]]));
      },
    });
    expect(runs).toBe(1);
    const [slow] = device.report.candidates;
    expect(slow).toMatchObject({ status: "slower", timing: { measurements: 0 } });
    expect(slow!.timing!.milliseconds).toBeGreaterThan(60);
    await device.close();
  });
});

it("what was verified and timed has left nothing on the device that is chosen", async () => {
  let alive = 0;
  const counted = altered("counted", (backend) => ({
    alloc(kind, length) {
      alive++;
      return backend.alloc(kind, length);
    },
    free(handle) {
      alive--;
      backend.free(handle);
    },
  }));
  const runs = (device: Device): unknown => device.tensor([1, 2]);
  for (const each of [workload, runs]) {
    alive = 0;
    const device = await openDevice([counted], { workload: each, verify: true, budget: 20, remember: false });
    // The number by which it will know that it is lost.
    expect(alive).toBe(1);
    await device.close();
    expect(alive).toBe(0);
  }
});

describe("a choice is remembered", () => {
  const pair = (): [BackendProvider, BackendProvider] => [slower("slow", 5), plain() as BackendProvider];

  it("in the store given, so that it is not timed again; the one chosen is verified all the same", async () => {
    const store = new Map<string, string>();
    const first = await openDevice(pair(), { workload, remember: store });
    expect(first.report.choice).toBe("timed within 250 ms, and remembered");
    const [[key, value]] = [...store] as [[string, string]];
    expect(value).toBe("1");
    for (const part of [version, "slow", "plain", "plain-f32", "JavaScript", '"rows":4']) expect(key).toContain(part);
    const ledger = new Ledger();
    const again = await openDevice(
      pair().map((one) => ledger.watched(one)),
      { workload, remember: store, verify: true },
    );
    expect(again.report.choice).toBe("remembered: the workload was timed before");
    expect(again.report.candidates).toMatchObject([
      { status: "not chosen", reason: "plain is remembered as faster" },
      { status: "chosen", verification: { cases: 21 } },
    ]);
    expect(again.report.candidates.some(({ timing }) => timing)).toBe(false);
    expect([...ledger.open]).toEqual(["plain 1"]);
    for (const device of [first, again]) await device.close();
  });

  it("for these candidates on these devices and this workload alone", async () => {
    const store = new Map<string, string>();
    const open = async (candidates: BackendProvider[], work: Parameters<typeof openDevice>[1] = {}): Promise<void> => {
      await (await openDevice(candidates, { workload, budget: 1, remember: store, ...work })).close();
    };
    const [slow, fast] = pair();
    await open([slow, fast]);
    await open([slow, fast]);
    expect(store.size).toBe(1);
    await open([fast, slow]);
    await open([slow, plain({ precision: "f64" })]);
    await open([slow, fast, { name: "gpu", open: () => Promise.reject(new Error("none")) }]);
    await open([slow, fast], { workload: [{ op: "matmul", m: 4, k: 8, n: 3 }] });
    expect(store.size).toBe(5);
    const run = (device: Device): Promise<unknown> => device.tensor([1]).data();
    await open([slow, fast], { workload: run });
    await open([slow, fast], { workload: run });
    expect(store.size).toBe(6);
    await open([slow, fast], { workload: (device) => device.tensor([1]).data() });
    expect(store.size).toBe(7);
  });

  it("in this program, where no store is given", async () => {
    const only = [{ op: "elementwise", length: 31 }] as const;
    const choices: (string | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      const device = await openDevice(pair(), { workload: only, budget: 1 });
      choices.push(device.report.choice);
      await device.close();
    }
    expect(choices).toEqual(["timed within 1 ms, and remembered", "remembered: the workload was timed before"]);
  });

  it.each<[string, ChoiceStore, string]>([
    [
      "refuses",
      {
        get: () => null,
        set: () => {
          throw new Error("QuotaExceededError");
        },
      },
      "and not remembered: QuotaExceededError",
    ],
    [
      "throws",
      {
        get: () => {
          throw new Error("SecurityError");
        },
        set: () => {},
      },
      "and remembered",
    ],
    ["hangs", { get: never, set: never }, "and not remembered: remember: no answer within 100 ms"],
    ["holds something else", { get: () => "7", set: () => {} }, "and remembered"],
    ["holds nothing", { get: () => "", set: () => {} }, "and remembered"],
  ])("or, by a store that %s, is not, and the report says so", async (_, remember, says) => {
    const device = await openDevice(pair(), { workload, budget: 1, remember, deadline: 100 });
    expect(device.report.choice).toBe(`timed within 1 ms, ${says}`);
    await device.close();
  });

  it("but not where what it names computes wrong", async () => {
    const store = new Map<string, string>();
    const device = await openDevice(pair(), { workload, remember: store, budget: 1 });
    await device.close();
    const wrong = { ...filling("plain", 0), name: "plain" };
    const again = await openDevice([pair()[0], wrong], { workload, remember: store, budget: 1, verify: true });
    expect(again.report.candidates).toMatchObject([{ status: "chosen" }, { status: "wrong" }]);
    await again.close();
  });
});

describe("a signal", () => {
  const reason = new Error("the user left");

  it.each<[string, BackendProvider[], Parameters<typeof openDevice>[1]]>([
    ["open", [{ name: "hangs", open: never }], {}],
    ["verify", [altered("hangs", () => ({ read: never }))], { verify: true }],
    ["verify by a function", [plain() as BackendProvider], { verify: never }],
    ["workload", [plain() as BackendProvider, slower("slow", 1)], { workload: never }],
  ])("ends a hang in %s, closes what is open, and rejects with its reason", async (_, candidates, options) => {
    const ledger = new Ledger();
    const control = new AbortController();
    const opening = openDevice(
      candidates.map((candidate) => ledger.watched(candidate)),
      { ...options, signal: control.signal },
    );
    setTimeout(() => control.abort(reason), 30);
    await expect(opening).rejects.toBe(reason);
    await new Promise((done) => setTimeout(done, 10));
    expect([...ledger.open]).toEqual([]);
  });

  it("reaches the backend that opens, and so does a deadline; one that is open hears nothing", async () => {
    const heard: (AbortSignal | undefined)[] = [];
    const listening = (open: BackendProvider["open"]): BackendProvider => ({
      name: "listens",
      open(options) {
        heard.push(options.signal);
        return open(options);
      },
    });
    const control = new AbortController();
    setTimeout(() => control.abort(reason), 30);
    await expect(openDevice([listening(never)], { signal: control.signal })).rejects.toBe(reason);
    await expect(openDevice([listening(never)], { deadline: 30 })).rejects.toThrow("no answer within 30 ms");
    const device = await openDevice([listening(plain().open as BackendProvider["open"])]);
    await device.close();
    expect(heard.map((signal) => signal?.aborted)).toEqual([true, true, false]);
    expect(heard[0]!.reason).toBe(reason);
  });

  it("that was aborted before opens nothing; one that is aborted afterwards changes nothing", async () => {
    const ledger = new Ledger();
    const provider = ledger.watched(plain() as BackendProvider);
    await expect(openDevice([provider], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect([...ledger.open]).toEqual([]);
    const control = new AbortController();
    const device = await openDevice([provider], { signal: control.signal });
    control.abort(reason);
    expect(await device.tensor([2]).item()).toBe(2);
    await device.close();
  });

  it("at any moment of an opening leaves nothing open", async () => {
    for (let after = 0; after < 40; after += 2) {
      const ledger = new Ledger();
      const control = new AbortController();
      setTimeout(() => control.abort(reason), after / 2);
      const candidates = [filling("zeros", 0), slower("slow", 1), plain() as BackendProvider];
      const device = await openDevice(
        candidates.map((candidate) => ledger.watched(candidate)),
        { workload, verify: true, remember: false, budget: 10, signal: control.signal },
      ).catch((error) => {
        expect(error).toBe(reason);
      });
      await device?.close();
      await new Promise((done) => setTimeout(done, 5));
      expect([...ledger.open], `aborted after ${after / 2} ms`).toEqual([]);
    }
  });
});

describe("options", () => {
  it.each<[string, object, string]>([
    ["an unknown one", { verified: true }, 'no option "verified"'],
    ["a workload that is a name", { workload: "mnist" }, "workload is a function of a device, or an array of ops"],
    ["a workload of nothing", { workload: [] }, "workload is a function of a device, or an array of ops"],
    ["an op that is unknown", { workload: [{ op: "conv" }] }, "op is one of matmul, softmaxCrossEntropy, elementwise"],
    [
      "a size that is missing",
      { workload: [{ op: "matmul", m: 1, k: 1 }] },
      "matmul: n is a whole number from 1, not undefined",
    ],
    [
      "a size of 0",
      { workload: [{ op: "elementwise", length: 0 }] },
      "length is a whole number from 1, not the number 0",
    ],
    ["a misspelt size", { workload: [{ op: "matmul", m: 1, k: 1, n: 1, time: 2 }] }, 'no option "time"'],
    ["times of 0", { workload: [{ op: "elementwise", length: 1, times: 0 }] }, "times is a whole number from 1"],
    ["a budget that is none", { budget: Number.NaN }, "budget is milliseconds from 0, not the number NaN"],
    ["a deadline of 0", { deadline: 0 }, "deadline is milliseconds from 1"],
    ["an endless deadline", { deadline: Number.POSITIVE_INFINITY }, "deadline is milliseconds from 1"],
    ["a signal that is none", { signal: {} }, "signal is an AbortSignal"],
    ["verify by a word", { verify: "quick" }, "verify is true, false or a function"],
    ["a store without set", { remember: { get: () => null } }, "remember is false or a store with get and set"],
    ["onReport that is none", { onReport: true }, "onReport is a function"],
    ["recover that is none", { recover: "yes" }, "recover is true or false"],
    [
      "an audit of nothing",
      { auditEvery: { reference: plain() } },
      "auditEvery.every is a whole number from 1, not null",
    ],
    ["an audit every 0", { auditEvery: { every: 0, reference: plain() } }, "auditEvery.every is a whole number from 1"],
    ["an audit by its factory", { auditEvery: { every: 1, reference: plain } }, "auditEvery.reference is the function"],
  ])("%s is refused before anything is opened", async (_, options, says) => {
    const ledger = new Ledger();
    const error = await rejection(openDevice([ledger.watched(plain() as BackendProvider)], options as never));
    expect(error.message).toContain("openDevice: ");
    expect(error.message).toContain(says);
    expect([...ledger.open]).toEqual([]);
  });
});

it("a report is plain data, and a block of text", async () => {
  const report: OpenReport = {
    candidates: [
      { name: "gpu", status: "unavailable", reason: "navigator.gpu is missing" },
      {
        name: "zeros",
        status: "wrong",
        reason: "golden/matmul: [0]: expected -8, got 0",
        closing: "a kernel had failed",
      },
      {
        name: "slow",
        status: "slower",
        reason: "fast takes 0.950 ms",
        timing: { milliseconds: 12.34, measurements: 5 },
      },
      {
        name: "fast",
        status: "chosen",
        reason: "the fastest",
        timing: { milliseconds: 0.95, measurements: 31 },
        verification: { cases: 21 },
      },
      { name: "late", status: "slower", reason: "fast takes 0.950 ms", timing: { milliseconds: 400, measurements: 0 } },
    ],
    choice: "timed within 250 ms",
  };
  expect(formatReport(report)).toBe(
    [
      "gpu    unavailable  navigator.gpu is missing",
      "zeros  wrong        golden/matmul: [0]: expected -8, got 0; closing it: a kernel had failed",
      "slow   slower       12.3 ms (median of 5); fast takes 0.950 ms",
      "fast   chosen       0.950 ms (median of 31); the fastest; 21 cases passed",
      "late   slower       400 ms (one long run); fast takes 0.950 ms",
      "timed within 250 ms",
    ].join("\n"),
  );
  const device = await openDevice([plain()], { verify: true });
  expect(JSON.parse(JSON.stringify(device.report))).toEqual(device.report);
  await device.close();
});
