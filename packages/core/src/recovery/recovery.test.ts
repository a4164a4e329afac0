import { plain } from "@surprisal/backend-cpu/plain";
import { beforeAll, describe, expect, it } from "vitest";
import { filling, Ledger } from "../../testing/broken.ts";
import { refusal, rejection } from "../../testing/claims.ts";
import { dying } from "../../testing/dying.ts";
import type { BackendProvider } from "../backend.ts";
import {
  adamUpdate,
  add,
  assign,
  type Device,
  linear,
  mul,
  type OpenReport,
  openDevice,
  type Parameter,
  parameterLike,
  rememberWith,
  softmaxCrossEntropy,
  type Tensor,
} from "../index.ts";

const f64 = (): BackendProvider => plain({ precision: "f64" }) as BackendProvider;

/** Two layers, their moments, data on the device, and a count on the host that AdamW needs. */
function learner(device: Device) {
  const x = device.tensor(
    Float64Array.from({ length: 24 }, (_, i) => Math.sin(i)),
    [8, 3],
  );
  const labels = [0, 1, 2, 0, 1, 2, 0, 1];
  const params = {
    w: device.parameter(
      Float64Array.from({ length: 9 }, (_, i) => Math.cos(i) / 4),
      [3, 3],
    ),
    b: device.parameter([0, 0, 0]),
  };
  const slots = [params.w, params.b].map((p) => [p, parameterLike(p), parameterLike(p)] as const);
  let steps = 0;
  rememberWith(params.w, () => {
    const kept = steps;
    return () => {
      steps = kept;
    };
  });
  const loss = ({ w, b }: { w: Tensor; b: Tensor }): Tensor => softmaxCrossEntropy(linear(x, w, b), { labels });
  const settings = { learningRate: 0.05, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, decoupled: true };
  const train = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const scope = device.scope();
      try {
        const { gradients } = scope.valueAndGrad(loss, params);
        const step = { ...settings, step: ++steps };
        for (const [parameter, mean, variance] of slots) {
          adamUpdate(parameter, parameter === params.w ? gradients.w : gradients.b, mean, variance, step);
        }
      } finally {
        scope.dispose();
      }
      await device.tick();
    }
  };
  return { params, train, steps: () => steps, loss };
}

/** Five epochs of four steps. */
async function trained(device: Device): Promise<{ weights: number[]; steps: number; handles: number }> {
  const { params, train, steps } = learner(device);
  for (let epoch = 0; epoch < 5; epoch++) await device.recovering(() => train(4));
  const weights = [...(await params.w.data()), ...(await params.b.data())];
  return { weights, steps: steps(), handles: device.memory().handles };
}

let undisturbed: Awaited<ReturnType<typeof trained>>;
let calls: number;
beforeAll(async () => {
  const immortal = dying("immortal", { at: Number.POSITIVE_INFINITY });
  const device = await openDevice([immortal.provider, f64()], { recover: true });
  undisturbed = await trained(device);
  calls = immortal.calls();
  await device.close();
});

describe("recovering", () => {
  it("ends in the same weights wherever the device dies, to the last bit", async () => {
    expect(calls).toBeGreaterThan(500);
    let deaths = 0;
    for (let at = 2; at < calls; at++) {
      const ledger = new Ledger();
      const { provider } = dying("mortal", { at, silent: at % 2 === 0 });
      const candidates = [provider, f64()].map((one) => ledger.watched(one));
      const device = await openDevice(candidates, { recover: true });
      let outcome: typeof undisturbed;
      try {
        outcome = await trained(device);
      } catch (error) {
        // Only what lies outside of `recovering` may fail: making the tensors, and reading them at the end.
        expect(error).toMatchObject({ code: expect.stringMatching(/^(LOST|BACKEND)$/) });
        expect(at < 30 || at > calls - 30, `died at call ${at}: ${error}`).toBe(true);
        await device.close().catch(() => {});
        expect([...ledger.open]).toEqual([]);
        continue;
      }
      deaths++;
      expect(outcome, `died at call ${at}`).toEqual(undisturbed);
      expect(device.facts.name).toBe("plain");
      expect(device.report.candidates.map(({ status }) => status)).toEqual(["lost", "chosen"]);
      await device.close();
      expect([...ledger.open]).toEqual([]);
    }
    expect(deaths).toBeGreaterThan(500);
  });

  it("goes on through several deaths, passing over candidates that compute wrong", async () => {
    const ledger = new Ledger();
    const reports: OpenReport[] = [];
    // Verification makes some calls too; each dies somewhat later.
    const candidates = [
      dying("first", { at: 330 }).provider,
      filling("zeros", 0),
      dying("second", { at: 480 }).provider,
      f64(),
    ];
    const device = await openDevice(
      candidates.map((one) => ledger.watched(one)),
      { recover: true, verify: true, onReport: (report) => reports.push(report) },
    );
    expect(await trained(device)).toEqual(undisturbed);
    expect(reports.map((report) => report.candidates.map(({ status }) => status))).toEqual([
      ["chosen", "not tried", "not tried", "not tried"],
      ["lost", "wrong", "chosen", "not tried"],
      ["lost", "wrong", "lost", "chosen"],
    ]);
    expect([...ledger.open]).toEqual([expect.stringMatching(/^plain /)]);
    await device.close();
    expect([...ledger.open]).toEqual([]);
  });

  it("rejects with every reason where no candidate is left", async () => {
    const nothing: BackendProvider = { name: "nothing", open: () => Promise.reject(new Error("no adapter")) };
    const device = await openDevice([dying("only", { at: 60 }).provider, nothing], { recover: true });
    const error = await rejection(trained(device));
    expect(error.code).toBe("LOST");
    expect(error.message).toBe(
      "recovering: the device only is lost: the device was removed; no candidate is left: only (the device only is lost: the device was removed), nothing (no adapter)",
    );
    await device.close();
  });

  it("gives what f gives, throws what f throws, and runs it once where nothing is lost", async () => {
    const device = await openDevice([plain()], { recover: true });
    let runs = 0;
    expect(await device.recovering(() => ++runs)).toBe(1);
    const mistake = new Error("mine");
    await expect(device.recovering(() => Promise.reject(mistake))).rejects.toBe(mistake);
    expect(runs).toBe(1);
    await device.close();
  });

  it("refuses a second call while one runs, beside it or inside, and takes the next after it", async () => {
    const refused = { code: "OPTION", message: expect.stringContaining("another is under way on this device") };
    const { provider } = dying("mortal", { at: 20 });
    const device = await openDevice([provider, f64()], { recover: true });
    const [p, q] = [device.parameter([1]), device.parameter([1])];
    const triple = async (parameter: Parameter): Promise<void> => {
      await device.scoped((scope) => assign(parameter, mul(scope.borrow<Tensor>(parameter), 3)));
      await parameter.data();
    };
    let runs = 0;
    const first = device.recovering(async () => {
      runs++;
      await triple(p);
      expect(await rejection(device.recovering(() => {}))).toMatchObject(refused);
      for (let i = 0; i < 20; i++) await p.data();
    });
    let ran = false;
    const second = device.recovering(async () => {
      ran = true;
      await triple(q);
    });
    expect(await rejection(second)).toMatchObject(refused);
    await first;
    expect([ran, runs]).toEqual([false, 2]);
    await device.recovering(() => triple(q));
    expect([await p.item(), await q.item()]).toEqual([3, 3]);
    await device.close();
  });

  it("does not put back a tensor that f disposed of", async () => {
    const { provider } = dying("mortal", { at: 20 });
    const device = await openDevice([provider, f64()], { recover: true });
    const x = device.tensor([1, 2]);
    let runs = 0;
    const error = await rejection(
      device.recovering(async () => {
        runs++;
        const y = add(x, 1);
        x.dispose();
        for (let i = 0; i < 20; i++) await y.data();
      }),
    );
    expect([error.code, runs]).toEqual(["DISPOSED", 2]);
    await device.close();
  });

  it("frees what was made meanwhile, and says so to whoever kept it", async () => {
    const { provider } = dying("mortal", { at: 20 });
    const device = await openDevice([provider, f64()], { recover: true });
    const before = device.tensor([1, 2]);
    const outer = device.scope();
    const borrowed = outer.borrow<Tensor>(before);
    const leaked: Tensor[] = [];
    await device.recovering(async () => {
      const scope = device.scope();
      for (let i = 0; i < 8; i++) leaked.push(add(scope.borrow<Tensor>(before), i));
      leaked.push(add(before, 1));
      await leaked.at(-1)!.data();
      for (const tensor of leaked.slice(-9, -1)) await tensor.data();
    });
    expect(leaked.length).toBe(18);
    expect(refusal(() => add(leaked[0]!, 1)).code).toBe("DISPOSED");
    expect(leaked.slice(0, 9).every(({ disposed }) => disposed)).toBe(true);
    expect(await leaked[17]!.array()).toEqual([2, 3]);
    expect(await borrowed.array()).toEqual([1, 2]);
    await device.close();
    expect(device.memory()).toMatchObject({ handles: 0, bytes: 0 });
  });

  it("begins on the next candidate where the device was lost before it and nothing was written since", async () => {
    const { provider } = dying("mortal", { at: 6 });
    const device = await openDevice([provider, f64()], { recover: true });
    const p = device.parameter([3]);
    await device.recovering(() => p.item());
    await rejection(Promise.all([p.item(), p.item(), p.item(), p.item()]));
    expect((await device.lost).code).toBe("LOST");
    expect(await device.recovering(() => p.item())).toBe(3);
    expect(device.facts.name).toBe("plain");
    await device.close();
  });

  it("does not pretend where something was", async () => {
    const { provider } = dying("mortal", { at: 6 });
    const device = await openDevice([provider, f64()], { recover: true });
    const p = device.parameter([3]);
    await device.recovering(() => p.item());
    assign(p, [4]);
    await rejection(Promise.all([p.item(), p.item(), p.item(), p.item()]));
    const error = await rejection(device.recovering(() => p.item()));
    expect(error.code).toBe("LOST");
    expect(error.message).toContain("tensors were made or written since the last host copy");
    await device.close();
  });

  it("reads again only what was written", async () => {
    let reads = 0;
    const counting: BackendProvider = {
      name: "counting",
      async open(options) {
        const backend = await f64().open(options);
        return {
          ...backend,
          read(handle) {
            reads++;
            return backend.read(handle);
          },
        };
      },
    };
    const device = await openDevice([counting], { recover: true });
    const [a, b] = [device.parameter([1]), device.parameter([2])];
    device.tensor([5]);
    await device.recovering(() => {});
    expect(reads).toBe(3);
    await device.recovering(() => {});
    expect(reads).toBe(3);
    await device.recovering(() => assign(a, [3]));
    expect(reads).toBe(4);
    await device.recovering(() => b.item());
    expect(reads).toBe(5);
    await device.close();
  });

  it("calls nobody who has ended remembering", async () => {
    const device = await openDevice([plain()], { recover: true });
    const saved: string[] = [];
    const remember = (name: string) =>
      rememberWith(parameter, () => {
        saved.push(name);
        return () => {};
      });
    const parameter = device.parameter([1]);
    const [forgetA] = [remember("a"), remember("b")];
    forgetA();
    await device.recovering(() => {});
    expect(new Set(saved)).toEqual(new Set(["b"]));
    await device.close();
  });

  it("needs recover: true, and an open device", async () => {
    const device = await openDevice([plain()]);
    expect(device.recovers).toBe(false);
    const error = await rejection(device.recovering(() => {}));
    expect(error).toMatchObject({ code: "OPTION" });
    expect(error.message).toContain("open it with { recover: true }");
    await device.close();
    const other = await openDevice([plain()], { recover: true });
    await other.close();
    expect((await rejection(other.recovering(() => {}))).code).toBe("DISPOSED");
  });
});
