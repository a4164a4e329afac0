import { expect, it } from "vitest";
import { expectClose, expectRefused, numbers, openPlain } from "../../testing/claims.ts";
import {
  add,
  checkpoint,
  type Device,
  exp,
  grad,
  gradCheck,
  hvp,
  matmul,
  mul,
  stopGradient,
  sum,
  type Tensor,
  tanh,
  valueAndGrad,
} from "../index.ts";

interface Block {
  readonly x: Tensor;
  readonly w: Tensor;
}

const block = ({ x, w }: Block): Tensor => tanh(matmul(exp(tanh(x)), w));

const paramsOn = (device: Device): Block => ({
  x: device.tensor([
    [0.1, -0.4],
    [0.7, 0.2],
  ]),
  w: device.tensor([
    [0.3, 0.5],
    [-0.2, 0.4],
  ]),
});

it("has the value and the gradients of the function", async () => {
  const device = await openPlain();
  const params = paramsOn(device);
  const [found, expected] = [checkpoint(block), block].map((f) => valueAndGrad((p: Block) => sum(f(p)))(params));
  await expectClose(found!.value, await numbers(expected!.value));
  await expectClose(found!.gradients.x, await numbers(expected!.gradients.x));
  await expectClose(found!.gradients.w, await numbers(expected!.gradients.w));
});

it("has derivatives of both orders, nested too, and by some of its parameters", async () => {
  const device = await openPlain();
  const { x, w } = paramsOn(device);
  const twice = checkpoint((p: Block) => checkpoint(block)({ x: checkpoint(block)(p), w: p.w }));
  for (const order of [1, 2] as const) {
    expect((await gradCheck(twice, { x, w }, { order })).ok).toBe(true);
    expect((await gradCheck((own: Tensor) => twice({ x, w: own }), w, { order })).ok).toBe(true);
  }
});

it("keeps nothing of what is computed on the way: one block's worth, however many there are", async () => {
  const device = await openPlain();
  const most = (f: (p: Block) => Tensor): number => {
    let peak = 0;
    const watched = (p: Block): Tensor => {
      const y = f(p);
      peak = Math.max(peak, device.memory().handles);
      return y;
    };
    const chain = ({ x, w }: Block): Tensor => {
      let y = x;
      for (let i = 0; i < 8; i++) y = watched({ x: y, w });
      return sum(y);
    };
    const { gradients } = valueAndGrad(chain)(paramsOn(device));
    expect(gradients.x.shape).toEqual([2, 2]);
    return peak;
  };
  const [kept, whole] = [most(checkpoint(block)), most(block)];
  expect(whole - kept).toBeGreaterThanOrEqual(8 * 3);
});

it("leaves no memory behind, also where the function throws", async () => {
  const device = await openPlain();
  const params = paramsOn(device);
  const before = device.memory().handles;
  for (let i = 0; i < 3; i++) {
    await device.scoped(async (step) => {
      step.valueAndGrad((p) => sum(checkpoint(block)(p)), params);
      step.hvp((p) => sum(checkpoint(block)(p)), params, params);
      const tape = step.gradientTape({ persistent: true });
      const watched = tape.watch(params);
      const loss = sum(checkpoint(block)(watched));
      for (let n = 0; n < 2; n++) tape.gradient(loss, watched);
      tape.dispose();
    });
    expect(device.memory().handles).toBe(before);
  }
  let runs = 0;
  const failing = checkpoint((p: Block) => {
    if (++runs === 2) throw new RangeError("the second time");
    return block(p);
  });
  expect(() => grad((p: Block) => sum(failing(p)))(params)).toThrow("the second time");
  expect(device.memory().handles).toBe(before);
});

it("repeats what is keyed, and takes constants from outside", async () => {
  const device = await openPlain();
  const mask = device.tensor([0, 2]);
  const x = device.tensor([0.5, 1]);
  const gradient = grad((y: Tensor) => sum(checkpoint((z: Tensor) => mul(mask, mul(z, z)))(y)))(x);
  await expectClose(gradient, [0, 4]);
  const inner = grad((y: Tensor) => sum(checkpoint((z: Tensor) => mul(z, stopGradient(y)))(y)))(x);
  await expectClose(inner, [0.5, 1]);
});

it("gives back a tensor from outside or a parameter itself as a tensor of its own", async () => {
  const device = await openPlain();
  const [p, outside] = [device.parameter([1, 2]), device.tensor([3])];
  const same = checkpoint((x: Tensor) => x)(p);
  expect(same).not.toBe(p);
  checkpoint((_: Tensor) => outside)(p).dispose();
  await expectClose(outside, [3]);
  await expectClose(grad((x: Tensor) => sum(checkpoint((y: Tensor) => y)(x)))(p), [1, 1]);
});

it("refuses a function that reads what is differentiated and is not among its parameters", async () => {
  const device = await openPlain();
  const { x, w } = paramsOn(device);
  const hidden = (own: Tensor): Tensor => sum(checkpoint((y: Tensor) => matmul(y, own))(x));
  expectRefused(device, () => grad(hidden)(w), "GRADIENT", ["checkpoint", "not among its parameters", "stopGradient"]);
  expectRefused(device, () => checkpoint((() => 3) as unknown as (t: Tensor) => Tensor)(x), "GRADIENT", [
    "must return a tensor",
  ]);
  expectRefused(device, () => checkpoint((async (t: Tensor) => t) as unknown as (t: Tensor) => Tensor)(x), "GRADIENT", [
    "asynchronous",
  ]);
  expectRefused(device, () => checkpoint(() => x)([]), "GRADIENT", ["empty"]);
  expectRefused(device, () => checkpoint(3 as unknown as (t: Tensor) => Tensor)(x), "VALUE", ["checkpoint"]);
  expect(hvp((t: Tensor) => sum(add(checkpoint(exp)(t), t)), x, x).products.shape).toEqual([2, 2]);
});
