import { describe, expect, it } from "vitest";
import { expectClose, openPlain, refusal } from "../testing/claims.ts";
import {
  add,
  assign,
  exp,
  gelu,
  grad,
  hvp,
  jvp,
  max,
  mul,
  pow,
  relu,
  sgdUpdate,
  softmaxCrossEntropy,
  square,
  sum,
  type Tensor,
  tanh,
  valueAndGrad,
  vjp,
} from "./index.ts";

describe("a scope", () => {
  it("owns the results of ops in which one of its tensors takes part", async () => {
    const device = await openPlain();
    const [root, outer] = [device.tensor([1, 2]), device.scope()];
    const inner = outer.scope();
    const inside = mul(inner.tensor([3, 4]), root);
    const middle = add(root, outer.tensor([1, 1]));
    const outside = mul(root, root);
    inner.dispose();
    expect([inside.disposed, middle.disposed, outside.disposed]).toEqual([true, false, false]);
    outer.dispose();
    expect([middle.disposed, outside.disposed, root.disposed]).toEqual([true, false, false]);
  });

  it("ends the scopes inside it, and says what it holds", async () => {
    const device = await openPlain();
    const outer = device.scope();
    const inner = outer.scope();
    inner.tensor([1]);
    inner.tensor([2]);
    expect(String(inner)).toBe("Scope with 2 tensors");
    outer.dispose();
    expect(String(inner)).toBe("Scope (disposed)");
    expect(device.memory().handles).toBe(0);
  });

  it("is disposed once; `using` and a disposal inside it do not collide", async () => {
    const device = await openPlain();
    const scope = device.scope();
    scope.dispose();
    expect(refusal(() => scope.dispose()).message).toBe("dispose: the scope was disposed; open another");
    expect(refusal(() => scope.tensor([1])).message).toBe("tensor: the scope was disposed; open another");
    expect(refusal(() => scope.parameter([1])).message).toBe("parameter: the scope was disposed; open another");
    expect(refusal(() => scope.scope()).code).toBe("DISPOSED");
    {
      using used = device.scope();
      used.tensor([1]);
      used.dispose();
    }
    expect(device.memory().handles).toBe(0);
  });

  it("scoped returns what its function gives and disposes on every exit", async () => {
    const device = await openPlain();
    expect(await device.scoped((scope) => scope.tensor([4]).item())).toBe(4);
    const failing = device.scoped(async (scope) => {
      scope.tensor([1]);
      await Promise.resolve();
      throw new RangeError("inside");
    });
    await expect(failing).rejects.toThrow(new RangeError("inside"));
    expect(device.memory().handles).toBe(0);
  });
});

describe("keep", () => {
  it("hands a tensor to the scope around, one scope at a time", async () => {
    const device = await openPlain();
    const outer = device.scope();
    const inner = outer.scope();
    const x = inner.keep(inner.tensor([5]));
    inner.dispose();
    await expectClose(x, [5]);
    outer.keep(x);
    outer.dispose();
    await expectClose(x, [5]);
    x.dispose();
    expect(device.memory().handles).toBe(0);
  });

  it("never shortens a life: a tensor of an older scope stays where it is", async () => {
    const device = await openPlain();
    const x = device.tensor([5]);
    const outer = device.scope();
    const inner = outer.scope();
    inner.keep(x);
    outer.dispose();
    await expectClose(x, [5]);
  });

  it("refuses a disposed tensor, and has nowhere to go from a recording's own scope but up", async () => {
    const device = await openPlain();
    const scope = device.scope();
    const x = scope.tensor([1]);
    x.dispose();
    expect(refusal(() => scope.keep(x)).code).toBe("DISPOSED");
    const kept: Tensor[] = [];
    const step = device.scope();
    step.grad(
      (y) => {
        kept.push(step.keep(exp(y)));
        return sum(kept[0]!);
      },
      device.tensor([0, 1]),
    );
    step.dispose();
    await expectClose(kept[0]!, [1, Math.E]);
  });
});

describe("dispose inside a recorded function", () => {
  it("waits until the pullback that saved the numbers has run", async () => {
    const device = await openPlain();
    const x = device.tensor([1, 2]);
    const scope = device.scope();
    const gradient = scope.grad((y) => {
      const square = mul(y, y);
      const cube = mul(square, y);
      square.dispose();
      return sum(cube);
    }, x);
    await expectClose(gradient, [3, 12]); // 3x²
    scope.dispose();
    expect(device.memory().handles).toBe(1);
  });
});

describe("no transform leaves anything behind", () => {
  const w = [0.3, -0.2];
  const v = [1, 0.5];
  const functions: [string, (y: Tensor, constant: Tensor) => Tensor][] = [
    ["mul by a number", (y) => sum(mul(y, 2))],
    ["a value that its own pullback reads: tanh", (y) => tanh(sum(y))],
    ["a value that its own pullback reads: relu", (y) => relu(sum(y))],
    ["a value that its own pullback reads: max", (y) => max(y)],
    ["a constant exponent", (y, c) => sum(pow(square(y), c))],
    ["a constant base", (y, c) => sum(pow(c, y))],
    ["gelu", (y) => sum(gelu(y))],
    ["a sum with itself", (y) => sum(add(y, y))],
    ["constant logits", (y, c) => softmaxCrossEntropy(c, { probabilities: y })],
    ["constant probabilities", (y, c) => softmaxCrossEntropy(y, { probabilities: c })],
    ["labels", (y) => softmaxCrossEntropy(y, { labels: 1 }, { classWeights: [1, 2], labelSmoothing: 0.1 })],
    ["rows of the loss", (y) => sum(softmaxCrossEntropy(y, { labels: [1] }, { reduction: "none" }))],
    ["a sum", (y) => sum(y)],
  ];
  it.each(functions)("%s", async (_, body) => {
    const device = await openPlain();
    const [x, direction, constant] = [device.tensor(w), device.tensor(v), device.tensor([0.4, 0.7])];
    const cotangent = device.tensor(0.5);
    const f = (y: Tensor): Tensor => body(y, constant);
    const held = device.memory().handles;
    const expectFreed = (...tensors: Tensor[]): void => {
      for (const tensor of tensors) tensor.dispose();
      expect(device.memory().handles).toBe(held);
    };
    const first = valueAndGrad(f)(x);
    expectFreed(first.value, first.gradients);
    expectFreed(grad(f)(x));
    expectFreed(grad((y: Tensor) => sum(grad(f)(y)))(x));
    const backwards = vjp(f, x, cotangent);
    expectFreed(backwards.value, backwards.gradients);
    const forwards = jvp(f, x, direction);
    expectFreed(forwards.value, forwards.tangent);
    const second = hvp(f, x, direction);
    expectFreed(second.value, second.gradients, second.products);
  });

  it("over a thousand steps of training, and of every transform", async () => {
    const device = await openPlain();
    const x = device.tensor([
      [1, 2],
      [0, 1],
    ]);
    const p = device.parameter([0.1, -0.1, 0.2, 0.3], [2, 2]);
    const u = device.tensor([1, 0, 0, 1], [2, 2]);
    const loss = (y: Tensor): Tensor => softmaxCrossEntropy(gelu(mul(x, y)), { labels: [0, 1] });
    const step = { learningRate: 0.01, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0.1 };
    const held = device.memory();
    for (let i = 0; i < 1000; i++) {
      await device.scoped((scope) => {
        sgdUpdate(p, scope.grad(loss, p), undefined, step);
        if (i % 10 > 0) return;
        scope.hvp(loss, p, u);
        scope.jvp((y) => gelu(mul(x, y)), p, u);
        scope.vjp((y) => gelu(mul(x, y)), p, u);
        const tape = scope.gradientTape({ persistent: true });
        const watched = tape.watch(p);
        const value = loss(watched);
        tape.gradient(value, watched);
        tape.gradient(value, watched);
      });
      expect(device.memory().handles).toBe(held.handles);
    }
    expect(device.memory().bytes).toBe(held.bytes);
  });

  it("when the backward pass fails", async () => {
    const device = await openPlain();
    const p = device.parameter([1, 2]);
    const held = device.memory().handles;
    const stale = (y: Tensor): Tensor => {
      const product = sum(mul(y, y));
      assign(p, [3, 4]);
      return product;
    };
    expect(refusal(() => valueAndGrad(stale)(p)).code).toBe("STALE");
    expect(refusal(() => hvp(stale, p, p)).code).toBe("STALE");
    expect(refusal(() => jvp(stale, p, p)).code).toBe("STALE");
    expect(device.memory().handles).toBe(held);
  });
});

describe("where a transform's results belong", () => {
  it("to its scope, or in the functional form to the youngest scope among the parameters", async () => {
    const device = await openPlain();
    const [older, younger] = [device.scope(), device.scope()];
    const params = { a: older.tensor([1]), b: younger.tensor([2]) };
    const f = ({ a, b }: { readonly a: Tensor; readonly b: Tensor }): Tensor => sum(mul(a, b));
    const functional = valueAndGrad(f)(params);
    const methodical = older.valueAndGrad(f, params);
    younger.dispose();
    expect([functional.value.disposed, functional.gradients.a.disposed]).toEqual([true, true]);
    await expectClose(methodical.value, [2]);
    await expectClose(methodical.gradients.a, [2]);
    await expectClose(methodical.gradients.b, [1]);
    older.dispose();
    expect(device.memory().handles).toBe(0);
  });

  it("whatever the scope of constants, cotangents and directions", async () => {
    const device = await openPlain();
    const x = device.tensor([1, 2]);
    const v = device.tensor([1, 1]);
    const held = device.memory().handles;
    const step = device.scope();
    const double = (y: Tensor): Tensor => mul(y, 2);
    await expectClose(step.vjp(double, x, v).gradients, [2, 2]);
    await expectClose(step.jvp(double, x, v).tangent, [2, 2]);
    await expectClose(step.hvp((y) => mul(sum(square(y)), 3), x, v).products, [6, 6]);
    step.dispose();
    expect(device.memory().handles).toBe(held);
  });
});
