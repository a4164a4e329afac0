import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, openPlain, rejection } from "../../testing/claims.ts";
import {
  add,
  assign,
  exp,
  grad,
  gradCheck,
  hvp,
  jvp,
  log,
  mul,
  sqrt,
  square,
  stopGradient,
  sum,
  type Tensor,
  valueAndGrad,
  vjp,
} from "../index.ts";

describe("gradients come in the arrangement of the parameters", () => {
  it("a tensor, an array, a record, or these nested", async () => {
    const device = await openPlain();
    const layer = () => ({ w: device.tensor([1, 2]), b: device.tensor(3) });
    const params = { layers: [layer(), layer()], scale: device.tensor(2) };
    type Params = typeof params;
    const f = ({ layers, scale }: Params): Tensor =>
      mul(sum(layers.map(({ w, b }) => mul(square(w), b)).reduce((a, b) => add(a, b))), scale);
    const { value, gradients } = valueAndGrad(f)(params);
    await expectClose(value, [60]); // 2·Σ 3·(1 + 4)
    expect(Object.keys(gradients)).toEqual(["layers", "scale"]);
    await expectClose(gradients.layers[1]!.w, [12, 24]); // 2·b·w·scale
    await expectClose(gradients.layers[0]!.b, [10]); // Σw²·scale
    await expectClose(gradients.scale, [30]);
  });

  it("zero where the function does not depend on a parameter", async () => {
    const device = await openPlain();
    const [x, y] = [device.tensor([1, 2]), device.tensor([[3]])];
    const gradients = grad((p: readonly Tensor[]) => sum(square(p[0]!)))([x, y]);
    await expectClose(gradients[1]!, [0]);
    expect(gradients[1]!.shape).toEqual([1, 1]);
  });

  it("apart for a tensor that stands there twice", async () => {
    const device = await openPlain();
    const x = device.tensor([2]);
    const { a, b } = grad((p: { a: Tensor; b: Tensor }) => sum(mul(square(p.a), p.b)))({ a: x, b: x });
    await expectClose(a, [8]);
    await expectClose(b, [4]);
  });
});

describe("what a function returns as aux comes back beside its gradients", () => {
  it("in its own structure, undifferentiated, with the numbers it had", async () => {
    const device = await openPlain();
    const x = device.tensor([1, 2]);
    await device.scoped(async (step) => {
      const { value, gradients, aux } = step.valueAndGrad((p) => {
        const squares = square(p);
        return { value: sum(exp(squares)), aux: { squares, twice: [mul(p, 2), p] } };
      }, x);
      await expectClose(value, [Math.E + Math.E ** 4]);
      await expectClose(gradients, [2 * Math.E, 4 * Math.E ** 4]); // 2x·e^(x²)
      await expectClose(aux.squares, [1, 4]); // its own pullback has run, and it is still there
      await expectClose(aux.twice[0]!, [2, 4]);
      await expectClose(aux.twice[1]!, [1, 2]);
    });
    expect(device.memory().handles).toBe(1);
  });

  it("as it was before the parameter's step, where it is the parameter itself", async () => {
    const device = await openPlain();
    const w = device.parameter([1, 2]);
    const { aux, gradients, value } = valueAndGrad((p: Tensor) => ({ value: sum(square(p)), aux: p }))(w);
    assign(w, [5, 5]);
    await expectClose(aux, [1, 2]);
    for (const tensor of [aux, gradients, value]) tensor.dispose();
    expect(device.memory().handles).toBe(1);
  });

  it("or not at all where it is no structure of tensors, or the function has no scalar value", async () => {
    const device = await openPlain();
    const x = device.tensor([1, 2]);
    const wrong = (returned: (p: Tensor) => unknown) => () => valueAndGrad(returned as (p: Tensor) => Tensor)(x);
    expectRefused(
      device,
      wrong((p) => ({ value: sum(p), aux: 3 })),
      "VALUE",
      ["valueAndGrad", "the number 3"],
    );
    expectRefused(
      device,
      wrong((p) => ({ value: p, aux: p })),
      "GRADIENT",
      ["needs a scalar"],
    );
    expectRefused(
      device,
      wrong((p) => ({ value: 1, aux: p })),
      "GRADIENT",
      ["must return a tensor"],
    );
  });
});

describe("derivatives of higher order", () => {
  it("jvp, vjp and hvp of Σ eˣ·y agree with the formulas", async () => {
    const device = await openPlain();
    const [x, y, v] = [device.tensor([0, 1]), device.tensor([2, 3]), device.tensor([1, -1])];
    const rows = (p: Tensor): Tensor => mul(exp(p), y);
    await expectClose(jvp(rows, x, v).tangent, [2, -3 * Math.E]);
    await expectClose(vjp(rows, x, v).gradients, [2, -3 * Math.E]);
    const total = hvp((p) => sum(rows(p)), x, v);
    await expectClose(total.gradients, [2, 3 * Math.E]);
    await expectClose(total.products, [2, -3 * Math.E]);
  });

  it("stopGradient cuts the dependence, in every order", async () => {
    const device = await openPlain();
    const x = device.tensor([3]);
    const f = (p: Tensor): Tensor => sum(mul(stopGradient(square(p)), p));
    await expectClose(grad(f)(x), [9]);
    await expectClose(hvp(f, x, device.tensor([1])).products, [0]);
  });

  it("one recording inside another differentiates by its own parameter", async () => {
    const device = await openPlain();
    const f = (x: Tensor): Tensor => {
      const inner = grad((y: Tensor) => sum(mul(square(y), x)))(stopGradient(x)); // 2y·x at y = x, y held
      return sum(inner);
    };
    await expectClose(grad(f)(device.tensor([5])), [10]);
  });
});

describe("a gradient is refused", () => {
  it.each<[string, (x: Tensor, scalar: Tensor) => unknown, "GRADIENT" | "VALUE" | "SHAPE" | "DISPOSED", string[]]>([
    [
      "of what is no scalar",
      (x) => grad((y: Tensor) => mul(y, 2))(x),
      "GRADIENT",
      ["grad: a gradient needs a scalar, and the function returned [2]; reduce it with sum or mean, or use vjp"],
    ],
    ["of a number", (x) => grad((() => 3) as never)(x), "GRADIENT", ["grad", "must return a tensor, not the number 3"]],
    ["of nothing", (x) => hvp((() => undefined) as never, x, x), "GRADIENT", ["hvp", "not undefined"]],
    [
      "of an asynchronous function",
      (x) => valueAndGrad((async (y: Tensor) => sum(y)) as never)(x),
      "GRADIENT",
      ["valueAndGrad: the function is asynchronous", "read results after the gradient"],
    ],
    ["by nothing", () => grad((() => 0) as never)([]), "GRADIENT", ["grad: there is nothing to differentiate by"]],
    ["by a number", () => grad((() => 0) as never)(3 as never), "VALUE", ["grad: expected a tensor", "the number 3"]],
    ["by null inside", (x) => grad((() => 0) as never)({ x, y: null }), "VALUE", ["grad: expected a tensor", "null"]],
    [
      "with a cotangent of another shape",
      (x, scalar) => vjp((y) => y, x, scalar),
      "SHAPE",
      ["vjp: the cotangent []", "[2]"],
    ],
    ["with an array for a cotangent", (x) => vjp((y) => y, x, [1, 1] as never), "VALUE", ["vjp", "not an Array"]],
    [
      "with a vector of another shape",
      (x, scalar) => hvp((y) => sum(y), x, scalar),
      "SHAPE",
      ["hvp: vector 0 has shape [], and its parameter [2]"],
    ],
    [
      "with too few vectors",
      (x) => jvp((p) => p[0]!, [x, x], [x] as never),
      "VALUE",
      ["jvp: ", 'has "1"', "give the same names to both"],
    ],
  ])("%s", async (_, call, code, words) => {
    const device = await openPlain();
    const scope = device.scope();
    const [x, scalar] = [scope.tensor([1, 2]), scope.tensor(1)];
    expectRefused(device, () => call(x, scalar), code, words);
  });

  it("by a structure that contains itself", async () => {
    const device = await openPlain();
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expectRefused(device, () => grad((() => 0) as never)(loop), "VALUE", ["contains itself"]);
  });

  it("by a disposed parameter", async () => {
    const device = await openPlain();
    const x = device.tensor([1]);
    x.dispose();
    expectRefused(device, () => grad((y: Tensor) => sum(y))(x), "DISPOSED", ["grad", "used after it was disposed"]);
  });
});

describe("gradCheck", () => {
  it("passes a right derivative, first and second, and says how near", async () => {
    const device = await openPlain();
    const x = device.tensor([0.3, 1.7]);
    for (const order of [1, 2] as const) {
      const report = await gradCheck((y) => mul(exp(y), log(y)), x, { order });
      expect(report.ok).toBe(true);
      expect(report.tolerance).toBe(order === 1 ? 1e-9 : 1e-8);
    }
    expect(device.memory().handles).toBe(1);
  });

  it("finds a wrong one, and names the element", async () => {
    const device = await openPlain();
    const x = device.tensor([1, 2]);
    const half = (y: Tensor): Tensor => sum(mul(y, stopGradient(y)));
    expect(await gradCheck(half, x)).toMatchObject({
      ok: false,
      worst: { parameter: 0, element: 1, analytic: 2, numeric: expect.closeTo(4, 9) },
    });
  });

  it("does not pass where a difference is NaN, whatever comes after it", async () => {
    const device = await openPlain();
    const report = await gradCheck((y) => sum(sqrt(y)), device.tensor([0.001, 1])); // √(0.001 − 0.02) is NaN
    expect(report).toMatchObject({ ok: false, worst: { element: 0, error: Number.NaN } });
  });

  it("refuses float32, in which a difference proves nothing", async () => {
    const device = await openPlain("f32");
    const error = await rejection(gradCheck((y) => sum(exp(y)), device.tensor([1])));
    expect(error.code).toBe("GRADIENT");
    expect(error.message).toBe(
      "gradCheck: plain computes in float32, whose differences prove nothing; open a float64 device",
    );
  });

  it("refuses another order and unknown options", async () => {
    const device = await openPlain();
    const x = device.tensor([1]);
    expect((await rejection(gradCheck(sum, x, { order: 3 as never }))).message).toBe(
      "gradCheck: order is 1 or 2, not 3",
    );
    expect((await rejection(gradCheck(sum, x, { eps: 1 } as never))).message).toContain('no option "eps"');
  });
});
