/** Where a backend has kernels for the dense layer, core must compute with them what it derives without. */
import { expect, it } from "vitest";
import { expectClose, numbers, openPlain } from "../../testing/claims.ts";
import { fusedProvider } from "../../testing/fusions.ts";
import {
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
