/**
 * Answers measured on the systems themselves, beside those that the conformance kit holds every backend to
 * (cases/loss/preset-goldens.ts). Each name says which.
 */
import { describe, expect, it } from "vitest";
import { expectRefused, numbers, openPlain } from "../../testing/claims.ts";
import { keras, lossAs, onnx, optax, type Preset, tensorflow, torch } from "../compat.ts";
import type { Tensor } from "../index.ts";

const TWO = [
  [1, 2, 3],
  [1, 2, 3],
];

function expectDigits(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    if (!Number.isFinite(value)) expect(found[i]).toBe(value);
    else
      expect(Math.abs(found[i]! - value), `${found[i]}, measured ${value}`).toBeLessThanOrEqual(
        1e-6 * Math.max(1, Math.abs(value)),
      );
  }
}

const ROW_2 = [0.090031, 0.244728, -0.334759];
const NONE = [0, 0, 0];

describe("PyTorch 2.13.0, measured:", () => {
  it("a mean over an empty batch is NaN, a sum 0", async () => {
    const device = await openPlain("f32");
    const z = device.tensor(new Float32Array(0), [0, 3]);
    expect(await lossAs(z, { labels: [] }, torch).item()).toBe(Number.NaN);
    expect(await lossAs(z, { labels: [] }, torch, { reduction: "sum" }).item()).toBe(0);
  });
});

describe("TensorFlow 2.21.0, measured:", () => {
  it("reduce_mean over an empty batch is NaN", async () => {
    const device = await openPlain("f32");
    const z = device.tensor(new Float32Array(0), [0, 3]);
    expect(await lossAs(z, { labels: [] }, tensorflow, { reduction: "mean" }).item()).toBe(Number.NaN);
  });

  it("the gradient by the labels is −log p, and Hessians are those of p − q", async () => {
    const device = await openPlain("f64");
    const scope = device.scope();
    const [z, q] = [device.tensor([[1, 2, 3]]), device.tensor([[1, 1, 0]])];
    const toTargets = scope.grad((t) => lossAs(z, { probabilities: t }, tensorflow, { reduction: "sum" }), q);
    expectDigits(await numbers(toTargets), [2.407606, 1.407606, 0.407606]);
    const v = device.tensor([[1, 0, 0]]);
    const { products } = scope.hvp((x) => lossAs(x, { probabilities: q }, tensorflow, { reduction: "sum" }), z, v);
    expectDigits(await numbers(products), [0.081925, -0.022033, -0.059892]);
  });
});

describe("a label that names no class is refused", () => {
  it.each<[string, Preset, number]>([
    ["by TensorFlow: −1", tensorflow, -1],
    ["by Keras: −1", keras, -1],
    ["by PyTorch: −1", torch, -1],
    ["by PyTorch: C", torch, 3],
    ["by ONNX: below −C", onnx, -5],
    ["by ONNX: C", onnx, 3],
    ["here for optax, which gives NaN: below −C", optax, -5],
    ["here for optax, which gives NaN: C", optax, 3],
  ])("%s", async (_, preset, label) => {
    const device = await openPlain("f32");
    const z = device.tensor(TWO);
    expectRefused(device, () => lossAs(z, { labels: [label, 2] }, preset), "LABEL", [`label ${label} at row 0`]);
  });
});

describe("what is a defect there is none here:", () => {
  it("optax' integer labels lose an offset of 1e6 (0.0625), PyTorch's confident rows are 0, its ignored NaN spreads", async () => {
    const device = await openPlain("f32");
    const shifted = device.tensor([[1e6 + 2, 1e6 - 1, 1e6 - 10]]);
    expectDigits(await numbers(lossAs(shifted, { labels: [0] }, optax)), [0.048593]);
    const confident = device.tensor([[50, 0, 0]]);
    expect(await lossAs(confident, { labels: [0] }, torch).item()).toBeCloseTo(3.8575e-22, 25);
    const spread = device.tensor([
      [Number.NaN, 0, 1],
      [1, 2, 3],
    ]);
    const gradient = device.scope().grad((z) => lossAs(z, { labels: [-100, 2] }, torch), spread);
    expectDigits(await numbers(gradient), [...NONE, ...ROW_2]);
  });

  it("confident one-hot rows keep their gradient under TensorFlow's rule p − q", async () => {
    const device = await openPlain("f32");
    const q = device.tensor([[1, 0, 0]]);
    const loss = (z: Tensor): Tensor => lossAs(z, { probabilities: q }, tensorflow, { reduction: "sum" });
    const gradient = await numbers(device.scope().grad(loss, device.tensor([[50, 0, 0]])));
    expect(gradient[0]! / -3.8575e-22).toBeCloseTo(1, 4);
  });
});
