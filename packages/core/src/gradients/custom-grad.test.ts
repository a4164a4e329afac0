import { expect, it } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import {
  clip,
  customGrad,
  div,
  exp,
  grad,
  gradCheck,
  hvp,
  log1p,
  mul,
  sum,
  type Tensor,
  valueAndGrad,
} from "../index.ts";

/** log(1 + e^x), whose own derivative in this form is 1 − 1/(1 + e^x): right where e^x overflows (JAX' own example). */
const softplus = customGrad(
  (x: Tensor) => log1p(exp(x)),
  (g, x) => {
    const e = exp(mul(x, -1));
    return div(g, add1(e));
  },
);

const add1 = (x: Tensor): Tensor =>
  customGrad(
    (y: Tensor) => exp(log1p(y)),
    (g) => g,
  )(x);

it("takes its gradient from the pullback", async () => {
  const device = await openPlain();
  await expectClose(grad((x: Tensor) => sum(softplus(x)))(device.tensor([0, 800])), [0.5, 1]);
  const { value, gradients } = valueAndGrad((x: Tensor) =>
    sum(
      customGrad(
        (y: Tensor) => mul(y, 1),
        (g) => clip(g, -1, 1),
      )(mul(x, 5)),
    ),
  )(device.tensor([2, 3]));
  await expectClose(value, [25]);
  await expectClose(gradients, [5, 5]);
});

it("hands the pullback the whole cotangent, factors of the host included: it need not be linear", async () => {
  const device = await openPlain();
  const clipped = customGrad(
    (x: Tensor) => mul(x, 1),
    (g) => clip(g, -1, 1),
  );
  await expectClose(grad((x: Tensor) => sum(mul(clipped(x), 5)))(device.tensor([2, 3])), [1, 1]);
  await expectClose(grad((x: Tensor) => mul(sum(clipped(x)), -0.5))(device.tensor([2, 3])), [-0.5, -0.5]);
});

it("hands the pullback the parameters in their structure and the value", async () => {
  const device = await openPlain();
  const params = { pair: [device.tensor([2]), device.tensor([3])] as const };
  type Params = typeof params;
  const product = customGrad(
    ({ pair: [a, b] }: Params) => mul(a, b),
    (g, { pair: [a, b] }, value) => ({ pair: [mul(g, div(value, a)), mul(g, div(value, b))] as const }),
  );
  for (const order of [1, 2] as const) expect((await gradCheck(product, params, { order })).ok).toBe(true);
  const one = grad((a: Tensor) => sum(product({ pair: [a, params.pair[1]] })))(params.pair[0]);
  await expectClose(one, [3]);
});

it("has second derivatives where the pullback is written with ops", async () => {
  const device = await openPlain();
  const x = device.tensor([0.3, -1.2]);
  for (const order of [1, 2] as const) expect((await gradCheck(softplus, x, { order })).ok).toBe(true);
  const nested = customGrad(
    (y: Tensor) => softplus(softplus(y)),
    (g, y) => {
      const own = grad((z: Tensor) => sum(softplus(softplus(z))))(y);
      return mul(g, own);
    },
  );
  for (const order of [1, 2] as const) expect((await gradCheck(nested, x, { order })).ok).toBe(true);
});

it("leaves no memory behind", async () => {
  const device = await openPlain();
  const x = device.tensor([0.3, -1.2]);
  const before = device.memory().handles;
  for (let i = 0; i < 3; i++) {
    await device.scoped(async (step) => {
      softplus(step.borrow(x));
      step.grad((y) => sum(softplus(y)), x);
      step.hvp((y) => sum(softplus(y)), x, x);
    });
    expect(device.memory().handles).toBe(before);
  }
});

it("refuses gradients that do not fit, and functions that hide what is differentiated", async () => {
  const device = await openPlain();
  const x = device.tensor([1, 2]);
  const by = (pullback: unknown): (() => unknown) => {
    const f = customGrad((y: Tensor) => exp(y), pullback as (g: Tensor) => Tensor);
    return () => grad((y: Tensor) => sum(f(y)))(x);
  };
  expectRefused(
    device,
    by((g: Tensor) => sum(g)),
    "SHAPE",
    ["customGrad", "[]", "[2]"],
  );
  expectRefused(
    device,
    by((g: Tensor) => [g]),
    "VALUE",
    ["customGrad"],
  );
  expectRefused(
    device,
    by(() => undefined),
    "VALUE",
    ["customGrad"],
  );
  expectRefused(device, () => by(3), "VALUE", ["customGrad", "pullback"]);
  const hidden = (y: Tensor): Tensor =>
    sum(
      customGrad(
        (z: Tensor) => mul(z, y),
        (g) => g,
      )(x),
    );
  expectRefused(device, () => grad(hidden)(x), "GRADIENT", ["customGrad", "not among its parameters"]);
  expect(hvp((y: Tensor) => sum(softplus(y)), x, x).products.shape).toEqual([2]);
});
