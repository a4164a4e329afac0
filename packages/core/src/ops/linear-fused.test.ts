/** Where a backend has kernels for the dense layer, core must compute with them what it derives without. */
import { plain } from "@surprisal/backend-cpu/plain";
import { expect, it } from "vitest";
import { expectClose, numbers, openPlain } from "../../testing/claims.ts";
import { fusedProvider } from "../../testing/fusions.ts";
import {
  assign,
  type BackendProvider,
  type Device,
  gelu,
  hvp,
  jvp,
  linear,
  openDevice,
  softmaxCrossEntropy,
  sum,
  type Tensor,
  valueAndGrad,
} from "../index.ts";

const f64 = (): BackendProvider => plain({ precision: "f64" }) as BackendProvider;

const labels = [2, 0];

/** A two-layer classifier on this device: its parameters, a direction, and its loss. */
function classifier(device: Device) {
  const wave = (start: number, ...shape: number[]): Tensor => {
    const length = shape.reduce((p, n) => p * n, 1);
    return device.tensor(
      Array.from({ length }, (_, i) => Math.sin(start + i)),
      shape,
    );
  };
  const x = wave(1, 1, 2, 3);
  const params = { w1: wave(2, 3, 4), b1: wave(3, 4), w2: wave(4, 4, 3) };
  const direction = { w1: wave(5, 3, 4), b1: wave(6, 4), w2: wave(7, 4, 3) };
  const logits = (p: typeof params): Tensor => linear(gelu(linear(x, p.w1, p.b1)), p.w2);
  return { x, params, direction, logits, loss: (p: typeof params) => softmaxCrossEntropy(logits(p), { labels }) };
}

async function both() {
  const { provider, counts } = fusedProvider();
  const fused = await openDevice([provider]);
  return { counts, fused, here: classifier(fused), derived: classifier(await openPlain()) };
}

it("gives the derived values and gradients, with one kernel for the gradients of each layer", async () => {
  const { counts, here, derived } = await both();
  const [found, expected] = [valueAndGrad(here.loss)(here.params), valueAndGrad(derived.loss)(derived.params)];
  expect(counts).toMatchObject({ linear: 2, linearGradient: 2 });
  await expectClose(found.value, await numbers(expected.value), 1e-15);
  for (const name of ["w1", "b1", "w2"] as const) {
    await expectClose(found.gradients[name], await numbers(expected.gradients[name]), 1e-13);
  }
});

it("asks the kernel only for the gradients that are wanted", async () => {
  const { fused, here, derived } = await both();
  const held = fused.memory().handles;
  const byBias = (c: ReturnType<typeof classifier>) =>
    valueAndGrad((b1: Tensor) => c.loss({ ...c.params, b1 }))(c.params.b1);
  const found = byBias(here);
  expect(fused.memory().handles).toBe(held + 2);
  await expectClose(found.gradients, await numbers(byBias(derived).gradients), 1e-13);
});

it("gives the derived second order, forward and backward over it", async () => {
  const { fused, here, derived } = await both();
  const held = fused.memory().handles;
  const second = (c: ReturnType<typeof classifier>) => hvp(c.loss, c.params, c.direction);
  const [found, expected] = [second(here), second(derived)];
  for (const name of ["w1", "b1", "w2"] as const) {
    await expectClose(found.gradients[name], await numbers(expected.gradients[name]), 1e-13);
    await expectClose(found.products[name], await numbers(expected.products[name]), 1e-12);
  }
  expect(fused.memory().handles).toBe(held + 7);
  const tangent = (c: ReturnType<typeof classifier>) => jvp((p) => sum(c.logits(p)), c.params, c.direction).tangent;
  await expectClose(tangent(here), await numbers(tangent(derived)), 1e-12);
});

/** What each gradient is computed from, besides the cotangent: ∂x = g · wᵀ, ∂w = xᵀ · g, ∂b = Σ g. */
const reads = { x: "w", w: "x", b: undefined } as const;
const names = ["x", "w", "b"] as const;

it.each(["fused", "derived"] as const)(
  "a parameter that is written between forward and gradient is noticed where the gradient reads it, and only there: %s",
  async (kind) => {
    const device = await openDevice([kind === "fused" ? fusedProvider().provider : f64()]);
    const start = { x: [[1, 2, 3], [4, 5, 6]], w: [[1, 2], [3, 4], [5, 6]], b: [7, 8] }; // biome-ignore format: matrices
    const before = device.memory().handles;
    for (const written of names) {
      for (const wanted of names) {
        const params = {
          x: device.parameter(start.x),
          w: device.parameter(start.w),
          b: device.parameter(start.b),
        };
        const found = await device.scoped(async (step) => {
          const tape = step.gradientTape();
          const at: Record<(typeof names)[number], Tensor> = { ...params };
          at[wanted] = tape.watch(params[wanted]);
          const total = sum(linear(at.x, at.w, at.b));
          assign(params[written], { data: new Float64Array(params[written].size), shape: params[written].shape });
          try {
            return await numbers(tape.gradient(total, at[wanted]));
          } catch (error) {
            return (error as { code: string }).code;
          }
        });
        // ∂ of a sum: g is 1 everywhere.
        const right = { x: [3, 7, 11, 3, 7, 11], w: [5, 5, 7, 7, 9, 9], b: [2, 2] }[wanted];
        expect(found, `${written} written, ∂${wanted} wanted`).toEqual(reads[wanted] === written ? "STALE" : right);
        for (const parameter of Object.values(params)) parameter.dispose();
      }
    }
    expect(device.memory().handles).toBe(before);
    await device.close();
  },
);
