import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { deferred, requiredOnly } from "@surprisal/conformance";
import { describe, expect, it, test } from "vitest";
import { altered, eachCall, Ledger } from "../../testing/broken.ts";
import { rejection } from "../../testing/claims.ts";
import type { Backend, BackendProvider, Kernels } from "../backend.ts";
import {
  crossEntropyTerms,
  type LossOptions,
  linearCrossEntropy,
  openDevice,
  softmaxCrossEntropy,
  type Tensor,
  valueAndGrad,
} from "../index.ts";

const reference = plain({ precision: "f64" }) as BackendProvider;
const labels = [0, 3, 2, 1, 3];
const numbers = (length: number, size = 1): number[] => Array.from({ length }, (_, i) => size * Math.sin(1 + i * i));

/** Runs losses until one rejects; how many there were. */
async function untilLost(run: () => Promise<unknown>, most = 200): Promise<number> {
  for (let i = 1; i <= most; i++) {
    try {
      await run();
      await new Promise((done) => setImmediate(done));
    } catch {
      return i;
    }
  }
  return Number.POSITIVE_INFINITY;
}

/** Float32 plain whose loss is wrong from the `from`-th call on. */
const liar = (
  lie: (kernels: Kernels, backend: Backend, lengths: Map<unknown, number>) => Kernels["softmaxCrossEntropy"],
  from = 0,
) =>
  altered("liar", (backend) => {
    const lengths = new Map<unknown, number>();
    let calls = 0;
    return {
      alloc(kind, length) {
        const handle = backend.alloc(kind, length);
        lengths.set(handle, length);
        return handle;
      },
      kernels: {
        ...backend.kernels,
        softmaxCrossEntropy(outputs, inputs, params) {
          const isLying = calls++ >= from;
          (isLying ? lie(backend.kernels, backend, lengths) : backend.kernels.softmaxCrossEntropy)(
            outputs,
            inputs,
            params,
          );
        },
      },
    };
  });

const overwriting =
  (output: "rowLoss" | "gradient", value: number) =>
  (kernels: Kernels, backend: Backend, lengths: Map<unknown, number>): Kernels["softmaxCrossEntropy"] =>
  (outputs, inputs, params) => {
    kernels.softmaxCrossEntropy(outputs, inputs, params);
    const handle = outputs[output];
    if (handle !== undefined) backend.write(handle, new Float64Array(lengths.get(handle)!).fill(value));
  };

describe("a device that begins to lie", () => {
  it.each<[string, BackendProvider]>([
    ["with losses of 0", liar(overwriting("rowLoss", 0), 12)],
    ["with losses of NaN", liar(overwriting("rowLoss", Number.NaN), 12)],
    ["with gradients of 0", liar(overwriting("gradient", 0), 12)],
    [
      "by the next label",
      liar(
        (kernels, backend) => (outputs, inputs, params) => {
          const shifted = backend.alloc("i32", params.rows);
          backend.write(shifted, [1, 0, 3, 2, 0]);
          kernels.softmaxCrossEntropy(outputs, { ...inputs, labels: shifted }, params);
        },
        12,
      ),
    ],
    [
      "by a smoothing that is not asked for",
      liar(
        (kernels) => (outputs, inputs, params) => {
          kernels.softmaxCrossEntropy(outputs, inputs, { ...params, smoothing: 0.1 });
        },
        12,
      ),
    ],
  ])("%s is lost within a few audits: reads reject, onError hears it, `lost` says which row", async (_, provider) => {
    const heard: Error[] = [];
    const ledger = new Ledger();
    const device = await openDevice([ledger.watched(provider)], {
      auditEvery: { every: 3, reference: ledger.watched(reference) },
      onError: (error) => heard.push(error),
    });
    const z = device.tensor(numbers(20), [5, 4]);
    const run = () => valueAndGrad((x: Tensor) => softmaxCrossEntropy(x, { labels }))(z).gradients.data();
    const ran = await untilLost(run);
    expect(ran).toBeGreaterThan(12);
    expect(ran).toBeLessThan(25);
    const lost = await device.lost;
    expect(lost).toMatchObject({ code: "LOST", cause: { name: "AuditError", code: "AUDIT" } });
    expect(lost.message).toMatch(
      /^the device liar is lost: audit: liar computes wrong: in row \d of a batch, the (loss|gradient at class \d) is /,
    );
    expect(heard).toEqual([lost.cause]);
    expect((await rejection(z.data())).code).toBe("LOST");
    await device.close();
    expect([...ledger.open]).toEqual([]);
  });

  const infinite = [2, Number.NEGATIVE_INFINITY, 1];
  const nothing = [Number.POSITIVE_INFINITY, 1, 2];
  const lossOf = (z: Tensor): unknown => softmaxCrossEntropy(z, { labels: [1] }, { reduction: "none" });
  const termsOf = (z: Tensor): unknown => crossEntropyTerms(z, { labels: [1] }, { diagnostics: true });
  it.each<[string, (z: Tensor) => unknown, number[], "rowLoss" | "state", number[], string | undefined]>([
    ["0 for a loss of ∞", lossOf, infinite, "rowLoss", [0], "the loss is 0, and the reference's Infinity"],
    ["the largest number for a loss of ∞", lossOf, infinite, "rowLoss", [3.4028234663852886e38], "the loss is 3.4"],
    ["−∞ for a loss of ∞", lossOf, infinite, "rowLoss", [Number.NEGATIVE_INFINITY], "the loss is -Infinity"],
    ["NaN for a loss of ∞", lossOf, infinite, "rowLoss", [Number.NaN], "the loss is NaN"],
    ["∞ for a loss of ∞", lossOf, infinite, "rowLoss", [Number.POSITIVE_INFINITY], undefined],
    [
      "a logit for the largest, of ∞",
      termsOf,
      nothing,
      "state",
      [2, 0, Number.NaN],
      "the largest logit of the state is 2",
    ],
    [
      "another class for that of ∞",
      termsOf,
      nothing,
      "state",
      [Infinity, 2, Number.NaN],
      "the class of the state is 2",
    ],
  ])("where it is infinite: %s", async (_, run, row, output, lie, says) => {
    const lying = liar((kernels, backend) => (outputs, inputs, params) => {
      kernels.softmaxCrossEntropy(outputs, inputs, params);
      if (outputs[output] !== undefined) backend.write(outputs[output], lie);
    });
    const device = await openDevice([lying], { auditEvery: { every: 1, reference } });
    run(device.tensor([row]));
    if (says === undefined) await device.close();
    else expect((await rejection(device.close())).message).toContain(says);
  });

  it.each<[string, number, string | undefined]>([
    ["0", 0, "the loss is 0, and the reference's Infinity"],
    ["the largest number of the other sign", -3.4028234663852886e38, "the loss is -3.4"],
    ["the largest number, which is let pass", 3.4028234663852886e38, undefined],
    ["NaN, which is let pass", Number.NaN, undefined],
  ])("and promises no infinities: %s for a loss of ∞", async (_, answer, says) => {
    const honest = liar(overwriting("rowLoss", answer));
    const loose: BackendProvider = {
      name: "loose",
      async open(options) {
        const backend = await honest.open(options);
        return { ...backend, facts: { ...backend.facts, strictNonFinite: false } };
      },
    };
    const device = await openDevice([loose], { auditEvery: { every: 1, reference } });
    lossOf(device.tensor([infinite]));
    if (says === undefined) await device.close();
    else expect((await rejection(device.close())).message).toContain(says);
  });

  it("is found at close where nothing more is read", async () => {
    const device = await openDevice([liar(overwriting("rowLoss", 7))], { auditEvery: { every: 1, reference } });
    softmaxCrossEntropy(device.tensor(numbers(20), [5, 4]), { labels });
    const error = await rejection(device.close());
    expect(error.message).toContain("audit: liar computes wrong");
  });

  it("is left for the next candidate by recovering", async () => {
    const device = await openDevice([liar(overwriting("rowLoss", 0), 4), plain()], {
      recover: true,
      auditEvery: { every: 1, reference },
    });
    const z = device.tensor(numbers(20), [5, 4]);
    const losses = await device.recovering(async () => {
      const all: number[] = [];
      for (let i = 0; i < 8; i++) all.push(await softmaxCrossEntropy(z, { labels }).item());
      return all;
    });
    expect(new Set(losses).size).toBe(1);
    expect(losses[0]).toBeGreaterThan(1);
    expect(device.facts.name).toBe("plain");
    await device.close();
  });

  it.each<[string, string, string]>([
    ["rowLoss", "in its losses", "the loss is 0.25, and the reference's "],
    ["dx", "in the gradient by its input", "the gradient by the input, along a direction, is "],
  ])("in linearCrossEntropy is found too: %s, %s", async (output, _, says) => {
    const provider = wrongIn("linearCrossEntropy", output, 0, cpu() as BackendProvider);
    const device = await openDevice([provider], { auditEvery: { every: 2, reference } });
    const [w, b] = [device.tensor(numbers(12), [3, 4]), device.tensor(numbers(4))];
    const x = device.tensor(numbers(15), [5, 3]);
    const loss = valueAndGrad((at: Tensor) => linearCrossEntropy(at, w, b, { labels }));
    expect(await untilLost(() => loss(x).gradients.data())).toBeLessThan(20);
    expect((await device.lost).message).toContain(says);
    await device.close();
  });

  it.each<[output: string, at: number, says: string]>([
    ["state", 0, "the largest logit of the state is 0.25, and the reference's "],
    ["state", 1, "the class of the state is 0.25, and the reference's "],
    ["state", 2, "the rest of the state is 0.25, and the reference's "],
    ["diagnostics", 0, "the rank is 0.25, and the reference's "],
    ["diagnostics", 1, "the entropy is 0.25, and the reference's "],
    ["diagnostics", 2, "the margin is 0.25, and the reference's "],
    ["temperatureSlope", 0, "the slope by the temperature is 0.25, and the reference's "],
  ])("in %s (number %i of a row) is found too", async (output, at, says) => {
    const provider = wrongIn("softmaxCrossEntropy", output, at, plain() as BackendProvider);
    const device = await openDevice([provider], { auditEvery: { every: 2, reference } });
    const z = device.tensor(numbers(20), [5, 4]);
    const temperature = device.tensor(0.75);
    const run = async (): Promise<unknown> => {
      const { rows } = crossEntropyTerms(z, { labels }, { diagnostics: true });
      const loss = valueAndGrad((tau: Tensor) => softmaxCrossEntropy(z, { labels }, { temperature: tau }));
      return [await rows.data(), await loss(temperature).gradients.data()];
    };
    expect(await untilLost(run)).toBeLessThan(30);
    expect((await device.lost).message).toContain(says);
    await device.close();
  });
});

/** A backend of which one kernel writes 0.25 as number `at` of each row of an output; of `dx`, as every second number. */
function wrongIn(kernel: string, output: string, at: number, provider: BackendProvider): BackendProvider {
  const widths: Readonly<Record<string, number>> = { state: 3, diagnostics: 3, dx: 2 };
  const width = widths[output] ?? 1;
  return {
    name: "liar",
    async open(options) {
      const backend = (await provider.open(options)) as Backend;
      const lengths = new Map<unknown, number>();
      return {
        ...backend,
        alloc(kind, length) {
          const handle = backend.alloc(kind, length);
          lengths.set(handle, length);
          return handle;
        },
        kernels: eachCall(backend, (name, run) => (outputs, inputs, params) => {
          run(outputs, inputs, params);
          const y = outputs[output];
          if (name !== kernel || y === undefined) return;
          const length = lengths.get(y)!;
          const [wrong, condition] = [backend.alloc("float", length), backend.alloc("float", length)];
          backend.kernels.fill({ y: wrong }, {}, { value: 0.25, length });
          backend.write(
            condition,
            Array.from({ length }, (_, i) => (i % width === at ? 1 : 0)),
          );
          backend.kernels.select({ y }, { condition, a: wrong, b: y }, { length });
          for (const handle of [wrong, condition]) backend.free(handle);
        }),
      };
    },
  };
}

describe("an honest device is not accused", () => {
  const backends: readonly [string, BackendProvider][] = [
    ["plain, float64", plain({ precision: "f64" }) as BackendProvider],
    ["plain, float32", plain() as BackendProvider],
    ["cpu, strict", cpu({ variant: "strict" }) as BackendProvider],
    ["cpu", cpu() as BackendProvider],
    ["plain under the rules of gpu.js", deferred(plain())],
    ["plain without fusions", requiredOnly(plain() as BackendProvider)],
  ];

  it.each(backends)("%s, in any combination of options, on hostile rows, along any axis", async (_, provider) => {
    const heard: Error[] = [];
    const device = await openDevice([provider], {
      auditEvery: { every: 1, reference },
      onError: (error) => heard.push(error),
    });
    const classWeights = [1, 0.5, 2, 0.25];
    const settings: readonly LossOptions[] = [
      {},
      { labelSmoothing: 0.1 },
      { classWeights },
      { classWeights, labelSmoothing: 0.2, zLoss: 1e-3 },
      { ignoreIndex: 3 },
      { temperature: 0.5, softcap: 30 },
      { focal: 2 },
      { poly: 1, temperature: 2 },
      { rowWeights: [0, 1, 2, 0.5, 1000] },
      { reduction: "sum" },
      { reduction: "none" },
    ];
    for (const size of [1, 40, 500, 1e4]) {
      const z = device.tensor(numbers(20, size), [5, 4]);
      const across = device.tensor(numbers(20, size), [4, 5]);
      const q = device.tensor(numbers(20).map(Math.abs), [5, 4]);
      const [x, w] = [device.tensor(numbers(15, size), [5, 3]), device.tensor(numbers(12), [3, 4])];
      for (const options of settings) {
        const total = (loss: (z: Tensor) => Tensor, at: Tensor): void => {
          if (options.reduction === "none") loss(at);
          else valueAndGrad(loss)(at);
        };
        total((at) => softmaxCrossEntropy(at, { labels }, options), z);
        total((at) => softmaxCrossEntropy(at, { labels }, { ...options, axis: 0 }), across);
        total((at) => linearCrossEntropy(x, at, undefined, { labels }, options), w);
        total((at) => linearCrossEntropy(at, w, undefined, { labels }, options), x);
        const { reduction: _, denominator: __, ...rest } = options;
        crossEntropyTerms(z, { labels }, { ...rest, diagnostics: true });
        if (!options.focal && !options.poly && options.ignoreIndex === undefined) {
          total((at) => softmaxCrossEntropy(at, { probabilities: q }, options), z);
        }
      }
      const temperature = device.tensor(0.75);
      for (const options of [{ temperature }, { temperature, softcap: 20, zLoss: 1e-3 }]) {
        valueAndGrad((at: Tensor) => softmaxCrossEntropy(z, { labels }, { ...options, temperature: at }))(temperature);
        valueAndGrad((at: Tensor) => softmaxCrossEntropy(at, { labels }, options))(z);
        valueAndGrad((at: Tensor) => softmaxCrossEntropy(at, { probabilities: q }, options))(z);
        valueAndGrad((at: Tensor) => linearCrossEntropy(x, at, undefined, { labels }, options))(w);
        valueAndGrad((at: Tensor) => linearCrossEntropy(at, w, undefined, { labels }, options))(x);
        crossEntropyTerms(z, { labels }, { ...options, diagnostics: true });
      }
      await z.data();
    }
    await device.close();
    expect(heard).toEqual([]);
  });

  it("also with masks, NaN and infinities in the logits", async () => {
    const device = await openDevice([cpu()], { auditEvery: { every: 1, reference } });
    const rows = [
      [Number.NEGATIVE_INFINITY, 1, 2],
      [1, Number.NaN, 2],
      [Number.POSITIVE_INFINITY, 0, 1],
      [-3.4e38, 3.4e38, 0],
      [0, 1, Number.NEGATIVE_INFINITY],
    ];
    for (let i = 0; i < 10; i++) {
      softmaxCrossEntropy(device.tensor(rows), { labels: [1, 0, 1, 0, 2] }, { reduction: "none" });
      crossEntropyTerms(device.tensor(rows), { labels: [1, 0, 1, 0, 2] }, { diagnostics: true });
      crossEntropyTerms(device.tensor(rows), { labels: [1, 0, 1, 0, 2] }, { temperature: 2, softcap: 5 });
    }
    await device.close();
  });
});

test("an audit that a lost device never answers does not keep it open", async () => {
  const ledger = new Ledger();
  let isSilent = false;
  let failInBackground: (error: Error) => void = () => {};
  const silent = altered("silent", (backend, { onError }) => {
    failInBackground = onError;
    let asked = 0;
    return {
      // The marker is what is read last, and rejects.
      read: (handle) =>
        isSilent && ++asked < 5
          ? new Promise(() => {})
          : isSilent
            ? Promise.reject(new Error("gone"))
            : backend.read(handle),
    };
  });
  const device = await openDevice([ledger.watched(silent)], {
    auditEvery: { every: 1, reference: ledger.watched(reference) },
    deadline: 50,
  });
  const z = device.tensor(numbers(20), [5, 4]);
  isSilent = true;
  // Four reads: the row, the labels, its loss and its gradient.
  valueAndGrad((x: Tensor) => softmaxCrossEntropy(x, { labels }))(z);
  failInBackground(new Error("the context was lost"));
  expect((await device.lost).message).toContain("gone");
  await new Promise((done) => setTimeout(done, 100));
  expect([...ledger.open]).toEqual([]);
  await device.close().catch(() => {});
});

test("a reference that fails accuses nobody, and onError hears it", async () => {
  const heard: Error[] = [];
  const failing: BackendProvider = {
    name: "failing",
    async open(options) {
      const backend = await reference.open(options);
      return { ...backend, read: () => Promise.reject(new Error("no memory")) };
    },
  };
  const device = await openDevice([plain()], {
    auditEvery: { every: 1, reference: failing },
    onError: (error) => heard.push(error),
  });
  const z = device.tensor(numbers(20), [5, 4]);
  expect(await softmaxCrossEntropy(z, { labels }).item()).toBeGreaterThan(0);
  await device.close();
  expect(heard.map(({ message }) => message)).toEqual(["audit: the reference plain failed: no memory"]);
});

test.each<[string, BackendProvider, BackendProvider, string]>([
  [
    "one that cannot be opened",
    plain() as BackendProvider,
    { name: "absent", open: () => Promise.reject(new Error("no such place")) },
    "auditEvery: the reference absent is not available: no such place",
  ],
  [
    "one that is less exact",
    plain({ precision: "f64" }) as BackendProvider,
    plain() as BackendProvider,
    "auditEvery: the reference plain is float32, and plain float64; take another",
  ],
  [
    "one that knows fewer terms",
    plain() as BackendProvider,
    requiredOnly(plain() as BackendProvider),
    "does not compute all terms of the loss (lossTerms)",
  ],
  [
    "one that computes less of the loss",
    plain() as BackendProvider,
    altered("lesser", ({ facts }) => ({ facts: { ...facts, lossTemperature: false } })),
    "does not compute the loss's slope by its temperature (lossTemperature)",
  ],
])("as a reference, %s is refused, and nothing stays open", async (_, provider, by, says) => {
  const ledger = new Ledger();
  const error = await rejection(
    openDevice([ledger.watched(provider)], { auditEvery: { every: 1, reference: ledger.watched(by) } }),
  );
  expect(error.message).toContain(says);
  expect([...ledger.open]).toEqual([]);
});

test("one row is read: what an audit adds does not grow with the batch", async () => {
  let read = 0;
  const counting = altered("counting", (backend) => ({
    async read(handle) {
      const found = await backend.read(handle);
      read += found.length;
      return found;
    },
  }));
  const device = await openDevice([counting], { auditEvery: { every: 4, reference } });
  const z = device.tensor(numbers(6400), [64, 100]);
  const loss = valueAndGrad((x: Tensor) => softmaxCrossEntropy(x, { labels: new Array(64).fill(5) }));
  // The first looks once at all logits, whether they are probabilities (see softmax-output-warning.ts).
  await loss(z).value.item();
  read = 0;
  for (let i = 0; i < 8; i++) loss(z);
  await device.close();
  // Two audits: logits and gradient of a row of 100 classes, a loss, and the 64 labels.
  expect(read).toBe(2 * (100 + 100 + 1 + 64));
});
