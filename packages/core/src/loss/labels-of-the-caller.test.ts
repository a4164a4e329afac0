/** Labels are read where the caller has them: what is written there after the call changes no loss and no derivative. */
import { plain } from "@surprisal/backend-cpu/plain";
import { describe, expect, it } from "vitest";
import { numbers, openPlain, refusal } from "../../testing/claims.ts";
import type { BackendProvider } from "../backend.ts";
import {
  crossEntropyTerms,
  type Integers,
  linearCrossEntropy,
  mul,
  openDevice,
  type Scope,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  sum,
  type Tensor,
} from "../index.ts";
import { integers } from "../integers.ts";

const [rows, classes] = [20, 4];
const before = Uint8Array.from({ length: rows }, (_, row) => (row * 3) % classes);
const wave = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => 2 * Math.sin(1.7 * i));

type Loss = (z: Tensor, labels: Integers, scope: Scope) => Tensor;

const fused =
  (options: object): Loss =>
  (z, labels) =>
    softmaxCrossEntropy(z, { labels }, options);
const linear =
  (options: object): Loss =>
  (x, labels, scope) =>
    linearCrossEntropy(x, scope.tensor(wave(classes * classes), [classes, classes]), undefined, { labels }, options);

const classWeights = [0.5, 2, 1, 0];
const rowWeights = Float64Array.from({ length: rows }, (_, row) => row % 3);
const losses: Record<string, Loss> = {
  "a mean": fused({}),
  rows: fused({ reduction: "none" }),
  "class weights": fused({ classWeights }),
  "row weights and smoothing": fused({ classWeights, rowWeights, labelSmoothing: 0.1 }),
  "an ignored label": fused({ classWeights, ignoreIndex: 1 }),
  "further terms": fused({ zLoss: 0.1, temperature: 0.7, softcap: 5 }),
  "focal and poly": fused({ classWeights, focal: 1.5, poly: 0.5 }),
  gradient: (z, labels) => softmaxCrossEntropyGradient(z, { labels }, { classWeights, zLoss: 0.1 }),
  terms: (z, labels) => crossEntropyTerms(z, { labels }, { classWeights, diagnostics: true }).sum,
  "a linear layer": linear({ classWeights }),
  "a linear layer's rows": linear({ zLoss: 0.1, reduction: "none", maxBytes: 64 }),
};

/** Plain without what a backend need not have, so that core derives it. */
const bare: BackendProvider = {
  name: "bare",
  async open(options) {
    const backend = await plain().open(options);
    const { linearCrossEntropy: _, ...kernels } = backend.kernels;
    return { ...backend, kernels, facts: { ...backend.facts, lossTerms: false, lossDiagnostics: false } } as never;
  },
};

/** The loss and its first two derivatives, where the labels have become others after the loss, if `isWritten`. */
async function derivatives(provider: BackendProvider, f: Loss, isWritten: boolean): Promise<number[][]> {
  const device = await openDevice([provider]);
  const found = await device.scoped(async (scope) => {
    const labels = before.slice();
    const [outer, inner] = [scope.gradientTape(), scope.gradientTape()];
    const z = outer.watch(scope.tensor(wave(rows * classes), [rows, classes]));
    const own = inner.watch(z);
    const value = f(own, labels, scope);
    const reads = [numbers(value)];
    if (isWritten) labels.fill(2);
    const slope = inner.gradient(sum(mul(value, value)), own);
    reads.push(numbers(slope));
    if (isWritten) labels.fill(3);
    reads.push(numbers(outer.gradient(sum(mul(slope, slope)), z)));
    return Promise.all(reads);
  });
  await device.close();
  return found;
}

describe.each([
  ["with every kernel", plain()],
  ["with the required kernels", bare],
])("labels that are written after the call, %s", (_, provider) => {
  it.each(Object.entries(losses))("do not matter to %s", async (_name, f) => {
    expect(await derivatives(provider, f, true)).toEqual(await derivatives(provider, f, false));
  });

  it("do not matter to a gradient that the forward pass has finished", async () => {
    const device = await openDevice([provider]);
    const labels = before.slice();
    const z = device.tensor(wave(rows * classes), [rows, classes]);
    const tape = device.scope().gradientTape();
    const own = tape.watch(z);
    const value = softmaxCrossEntropy(own, { labels });
    labels.fill(2);
    expect(await numbers(tape.gradient(value, own))).toEqual(
      await numbers(softmaxCrossEntropyGradient(z, { labels: before })),
    );
    await device.close();
  });
});

/** Newer than the library that the types are taken from. */
const Resizable = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(length: number): void };

describe("integers", () => {
  it("are the caller's array, or a copy where another thread may write between their check and their use", () => {
    expect(integers("op", "label", before, classes).data).toBe(before);
    const shared = new Uint8Array(new SharedArrayBuffer(rows));
    shared.set(before);
    const { data } = integers("op", "label", shared, classes);
    shared.fill(255);
    expect([...(data as Uint8Array)]).toEqual([...before]);
  });

  it.each([3, rows])("in a Buffer over shared memory are copied, %s of them", (length) => {
    const shared = Buffer.from(new SharedArrayBuffer(length));
    shared.set(before.subarray(0, length));
    const { data } = integers("op", "label", shared, classes);
    shared.fill(255);
    expect([...(data as Uint8Array)]).toEqual([...before.subarray(0, length)]);
  });

  it("beyond the end of a buffer that has shrunk are none", async () => {
    const buffer = new Resizable(8, { maxByteLength: 8 });
    const labels = new Uint8Array(buffer, 4, 2);
    buffer.resize(4);
    const device = await openPlain();
    const z = device.tensor([
      [1, 2],
      [3, 4],
    ]);
    const error = refusal(() => softmaxCrossEntropy(z, { labels }));
    expect([error.code, error.message]).toEqual([
      "SHAPE",
      "softmaxCrossEntropy: labels [0] do not fit the batch [2] of the logits [2, 2]: one label a row",
    ]);
  });

  it("in a detached array are none", () => {
    const detached = before.slice();
    structuredClone(detached, { transfer: [detached.buffer] });
    expect(() => integers("op", "label", detached, classes)).toThrow("op: the Uint8Array is detached");
  });
});
