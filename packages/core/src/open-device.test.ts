import { plain } from "@surprisal/backend-cpu/plain";
import { describe, expect, it } from "vitest";
import { openPlain, refusal, rejection } from "../testing/claims.ts";
import {
  add,
  type Backend,
  type BackendProvider,
  gelu,
  hvp,
  linear,
  openDevice,
  softmaxCrossEntropy,
  type Tensor,
} from "./index.ts";

const unavailable = (name: string, reason: unknown): BackendProvider => ({
  name,
  open: () => {
    throw reason;
  },
});

/** Plain with parts replaced. */
function altered(change: (backend: Backend) => Partial<Backend>): BackendProvider {
  const { name, open } = plain({ precision: "f64" }) as BackendProvider;
  return {
    name,
    async open(options) {
      const backend = await open(options);
      return { ...backend, ...change(backend) };
    },
  };
}

describe("openDevice", () => {
  it("takes candidates and options as they are at the call", async () => {
    const candidates = [plain({ precision: "f64" })];
    const reports: string[] = [];
    const options = { recover: true, onReport: () => reports.push("asked for") };
    const opening = openDevice(candidates, options);
    candidates[0] = plain({ precision: "f32" });
    Object.assign(options, { recover: false, onReport: () => reports.push("changed") });
    const device = await opening;
    expect([device.facts.precision, device.recovers, reports]).toEqual(["f64", true, ["asked for"]]);
    await device.close();
  });

  it("takes the first that is available and reports why the others were not", async () => {
    const later: BackendProvider = { name: "later", open: () => Promise.reject(new Error("never tried")) };
    const device = await openDevice([
      unavailable("gpu", new Error("navigator.gpu is missing")),
      unavailable("threads", "crossOriginIsolated is false"),
      plain(),
      later,
    ]);
    expect(device.facts.name).toBe("plain");
    expect(device.report).toEqual({
      candidates: [
        { name: "gpu", status: "unavailable", reason: "navigator.gpu is missing" },
        { name: "threads", status: "unavailable", reason: "crossOriginIsolated is false" },
        { name: "plain", status: "chosen", reason: "the first that is available", facts: device.facts },
        { name: "later", status: "not tried", reason: "plain is available" },
      ],
    });
    await device.close();
  });

  it("gives the reason of each, if none can be opened", async () => {
    const error = await rejection(
      openDevice([
        unavailable("gpu", new Error("navigator.gpu is missing")),
        { name: "threads", open: () => Promise.reject(new Error("no shared memory: serve with COOP/COEP")) },
      ]),
    );
    expect(error).toMatchObject({ name: "UnavailableError", code: "UNAVAILABLE" });
    expect(error.message).toBe(
      "openDevice: no backend is available: gpu (navigator.gpu is missing), threads (no shared memory: serve with COOP/COEP)",
    );
  });

  it.each<[string, unknown, unknown, string, string[]]>([
    ["the factory, not its call", [plain], undefined, "VALUE", ["openDevice", "function", "plain(), not plain"]],
    ["no array", plain(), undefined, "VALUE", ["openDevice: needs an array of at least one backend", "[plain()]"]],
    ["nothing", [], undefined, "VALUE", ["at least one backend"]],
    ["undefined", [undefined], undefined, "VALUE", ["a candidate is undefined"]],
    ["null options", [plain()], null, "OPTION", ["openDevice: options are an object, not null"]],
    ["an unknown option", [plain()], { onerror: () => {} }, "OPTION", ['no option "onerror"', "onError"]],
  ])("refuses %s", async (_, candidates, options, code, words) => {
    const error = await rejection(openDevice(candidates as never, options as never));
    expect(error.code).toBe(code);
    for (const word of words) expect(error.message).toContain(word);
  });
});

describe("a backend that fails", () => {
  it("rejects whoever reads, as BackendError with its own error as the cause", async () => {
    const cause = new Error("a kernel failed");
    const device = await openDevice([
      altered((backend) => ({
        async read(handle) {
          const numbers = await backend.read(handle);
          if (numbers[0] === 1) throw cause;
          return numbers;
        },
      })),
    ]);
    const error = await rejection(device.tensor([1]).data());
    expect(error).toMatchObject({ name: "BackendError", code: "BACKEND", cause });
    expect(error.message).toBe("data: plain failed: a kernel failed");
    expect(await device.tensor([2]).item()).toBe(2);
    await device.close();
  });

  it("rejects close, if nobody had read it, and stays closed", async () => {
    const cause = new Error("a kernel failed");
    const device = await openDevice([altered(() => ({ close: () => Promise.reject(cause) }))]);
    expect(await rejection(device.close())).toMatchObject({
      cause,
      message: "close: plain had failed, and nobody had read it: a kernel failed",
    });
    expect((await rejection(device.close())).code).toBe("DISPOSED");
  });

  it("tells onError when it happens", async () => {
    const heard: Error[] = [];
    const provider: BackendProvider = {
      name: "talkative",
      open(options) {
        options.onError(new Error("early"));
        return plain().open(options) as Backend;
      },
    };
    const device = await openDevice([provider], { onError: (error) => heard.push(error) });
    expect(heard).toEqual([new Error("early")]);
    await device.close();
  });

  it("of memory, says what is held; what an op had begun is freed", async () => {
    let left = Number.POSITIVE_INFINITY;
    const device = await openDevice([
      altered((backend) => ({
        alloc(kind, length) {
          if (left-- === 0) throw new Error("grow returned -1");
          return backend.alloc(kind, length);
        },
      })),
    ]);
    const [x, y] = [device.tensor([1, 2]), device.tensor([3, 4])];
    left = 0;
    const error = refusal(() => add(x, y));
    expect(error.code).toBe("BACKEND");
    expect(error.message).toBe("add: plain could not allocate 2 elements (2 tensors hold 32 bytes): grow returned -1");
    expect(device.memory()).toEqual({ handles: 2, bytes: 32, made: 2, freed: 0 });
    await device.close();
  });

  it("of memory, at any allocation of a training step, leaves nothing behind", async () => {
    let left = Number.POSITIVE_INFINITY;
    const device = await openDevice([
      altered((backend) => ({
        alloc(kind, length) {
          if (left-- <= 0) throw new Error("full");
          return backend.alloc(kind, length);
        },
      })),
    ]);
    const [x, w] = [
      device.tensor([[1, 2]]),
      device.tensor([
        [1, 0],
        [0, 1],
      ]),
    ];
    const loss = (v: Tensor): Tensor => softmaxCrossEntropy(gelu(linear(x, v)), { labels: [1] });
    const held = device.memory().handles;
    const step = (): void => {
      const { value, gradients, products } = hvp(loss, w, w);
      for (const tensor of [value, gradients, products]) tensor.dispose();
    };
    const { made } = device.memory();
    step();
    const needed = device.memory().made - made;
    for (let allowed = 0; allowed < needed; allowed++) {
      left = allowed;
      expect(refusal(step).code).toBe("BACKEND");
      expect(device.memory().handles, `after ${allowed} of ${needed} allocations`).toBe(held);
    }
    left = Number.POSITIVE_INFINITY;
    await device.close();
  });

  it("is not asked for more than one handle can hold", async () => {
    const device = await openDevice([altered(({ facts }) => ({ facts: { ...facts, maxLength: 3 } }))]);
    expect(refusal(() => device.tensor([1, 2, 3, 4])).message).toBe(
      "tensor: a tensor of 4 elements is larger than plain can hold (3); split the batch",
    );
    await device.close();
  });
});

describe("a closed device", () => {
  it("has freed everything and refuses every use by its name", async () => {
    const device = await openPlain();
    const x = device.tensor([1]);
    const scope = device.scope();
    scope.parameter([2]);
    await device.tick();
    await device.close();
    expect(device.memory()).toMatchObject({ handles: 0, bytes: 0, made: 3, freed: 3 });
    const closed = "the device plain is closed; open another";
    expect(refusal(() => add(x, x)).message).toBe(`add: ${closed}`);
    expect(refusal(() => device.tensor([1])).message).toBe(`tensor: ${closed}`);
    expect(refusal(() => device.parameter([1])).message).toBe(`parameter: ${closed}`);
    expect(refusal(() => device.scope()).message).toBe(`scope: ${closed}`);
    expect((await rejection(device.tick())).message).toBe(`tick: ${closed}`);
    expect((await rejection(device.close())).message).toBe(`close: ${closed}`);
    expect(scope.toString()).toBe("Scope (disposed)");
  });
});

describe("tick", () => {
  it("lets timers run in a loop that only awaits resolved promises", async () => {
    const device = await openPlain();
    let timers = 0;
    const timer = setInterval(() => timers++, 1);
    // Without a yield no timer would ever run; a busy machine may take its time.
    const end = performance.now() + 10_000;
    while (timers < 3 && performance.now() < end) await device.tick();
    clearInterval(timer);
    expect(timers).toBe(3);
  });

  it("keeps at most two steps in flight", async () => {
    const waiting: (() => void)[] = [];
    const device = await openDevice([
      altered((backend) => ({
        read: (handle) => new Promise((resolve) => waiting.push(() => resolve(backend.read(handle)))),
      })),
    ]);
    await device.tick();
    await device.tick();
    let passed = false;
    const third = device.tick().then(() => {
      passed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(passed).toBe(false);
    waiting[0]!();
    await third;
    await device.close();
  });

  it("rejects when the device failed", async () => {
    const device = await openDevice([altered(() => ({ read: () => Promise.reject(new Error("lost")) }))]);
    await device.tick();
    await device.tick();
    expect((await rejection(device.tick())).message).toBe("tick: the device plain is lost: lost");
    await device.close();
  });
});

describe("memory", () => {
  it("passes on what a backend says that it holds, until it is closed", async () => {
    const device = await openDevice([altered(() => ({ memory: () => ({ reservedBytes: 4096, limitBytes: 8192 }) }))]);
    device.tensor([1, 2]);
    const books = { handles: 1, bytes: 16, made: 1, freed: 0 };
    expect(device.memory()).toEqual({ ...books, reservedBytes: 4096, limitBytes: 8192 });
    await device.close();
    expect(device.memory()).not.toHaveProperty("reservedBytes");
  });
});
