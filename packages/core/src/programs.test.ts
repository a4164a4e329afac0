/** Eleven whole programs in float64. Each checks its numbers, and that its scope gives back all that it made. */
import { describe, expect, it } from "vitest";
import { expectClose, numbers, openPlain, refusal } from "../testing/claims.ts";
import {
  add,
  assign,
  exp,
  grad,
  linear,
  matmul,
  mul,
  type Parameter,
  sgdUpdate,
  softmaxCrossEntropy,
  square,
  sum,
  type Tensor,
  valueAndGrad,
} from "./index.ts";

const plainSgd = { learningRate: 0.5, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 };
const labels = [2, 0, 1];
const inputs = [
  [1, 0],
  [0, 1],
  [1, 1],
];

describe("eleven programs", () => {
  it("nested grad: the derivatives of x⁴ are 4x³, 12x² and 24x", async () => {
    const device = await openPlain();
    const before = device.memory().handles;
    await device.scoped(async (step) => {
      const x = step.tensor([0.5, -3]);
      const f = (y: Tensor): Tensor => sum(square(square(y)));
      const first = grad(f);
      const second = grad((y: Tensor) => sum(first(y)));
      const third = grad((y: Tensor) => sum(second(y)));
      await expectClose(first(x), [0.5, -108]);
      await expectClose(second(x), [3, 108]);
      await expectClose(third(x), [12, -72]);
    });
    expect(device.memory().handles).toBe(before);
  });

  it("hvp through linear and the loss: XᵀH(XV) with the softmax Hessian H = (diag p − ppᵀ)/rows", async () => {
    const device = await openPlain();
    const before = device.memory().handles;
    const w = [0.5, -0.25, 1, 0.125, 0.75, -0.5];
    const v = [1, 0, -1, 2, -0.5, 0.25];
    await device.scoped(async (step) => {
      const x = step.tensor(inputs);
      const params = { w: step.tensor(w, [2, 3]), b: step.tensor([0, 0.1, -0.1]) };
      const direction = { w: step.tensor(v, [2, 3]), b: step.tensor([0, 0, 0]) };
      const { products } = step.hvp((p) => softmaxCrossEntropy(linear(x, p.w, p.b), { labels }), params, direction);

      const productOfW = new Array<number>(6).fill(0);
      const productOfB = [0, 0, 0];
      for (const row of inputs) {
        const along = (m: number[], j: number): number => row[0]! * m[j]! + row[1]! * m[3 + j]!;
        const powers = [0, 1, 2].map((j) => Math.exp(along(w, j) + [0, 0.1, -0.1][j]!));
        const p = powers.map((e) => e / powers.reduce((a, b) => a + b));
        const moved = p.reduce((total, pj, j) => total + pj * along(v, j), 0);
        for (const [j, pj] of p.entries()) {
          const curved = (pj * (along(v, j) - moved)) / 3;
          productOfB[j]! += curved;
          productOfW[j]! += row[0]! * curved;
          productOfW[3 + j]! += row[1]! * curved;
        }
      }
      await expectClose(products.w, productOfW, 1e-13);
      await expectClose(products.b, productOfB, 1e-13);
    });
    expect(device.memory().handles).toBe(before);
  });

  it("a persistent tape gives the gradients of two functions, each as often as asked", async () => {
    const device = await openPlain();
    const before = device.memory().handles;
    await device.scoped(async (step) => {
      const tape = step.gradientTape({ persistent: true });
      const x = tape.watch(step.tensor([1, 2, 3]));
      const y = mul(x, x);
      const z = sum(mul(y, y));
      await expectClose(tape.gradient(z, x), [4, 32, 108]); // 4x³
      await expectClose(tape.gradient(z, x), [4, 32, 108]);
      await expectClose(tape.gradient(sum(y), x), [2, 4, 6]); // 2x
      tape.dispose();
    });
    expect(device.memory().handles).toBe(before);
  });

  it("a scope inside a recorded function may end while the recording is open", async () => {
    const device = await openPlain();
    const before = device.memory().handles;
    await device.scoped(async (step) => {
      const x = step.tensor([0, 1]);
      const gradient = step.grad((y) => {
        const inner = step.scope();
        const two = inner.tensor([2, 2]);
        const product = exp(mul(y, two));
        const result = inner.keep(sum(product));
        inner.dispose();
        return result;
      }, x);
      await expectClose(gradient, [2, 2 * Math.exp(2)]); // d e^(2x)/dx = 2e^(2x)
    });
    expect(device.memory().handles).toBe(before);
  });

  it("an error thrown inside a recorded function passes through and frees what was made", async () => {
    const device = await openPlain();
    const x = device.tensor([1, 2]);
    const before = device.memory().handles;
    const failing = (y: Tensor): Tensor => {
      mul(exp(y), y);
      throw new RangeError("from the model");
    };
    const step = device.scope();
    expect(() => step.valueAndGrad(failing, x)).toThrow(new RangeError("from the model"));
    expect(() => step.hvp(failing, x, x)).toThrow("from the model");
    expect(() => step.jvp(failing, x, x)).toThrow("from the model");
    expect(() => grad(failing)(x)).toThrow("from the model");
    expect(device.memory().handles).toBe(before);
    step.dispose();
  });

  it("a hundred predicts, each in its own scope, interleave with training and see whole steps", async () => {
    const device = await openPlain();
    const x = device.tensor(inputs);
    const w = device.parameter([0, 0, 0, 0, 0, 0], [2, 3]);
    const trained: number[][] = [await numbers(w)];
    const before = device.memory().handles;

    const predict = (i: number): Promise<number[]> =>
      device.scoped(async (scope) => {
        await new Promise((resolve) => setTimeout(resolve, i % 7));
        const logits = matmul(scope.tensor([[1, 0]]), w);
        await Promise.resolve();
        return numbers(logits);
      });
    const train = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        await device.scoped(async (step) => {
          const gradient = step.grad((v) => softmaxCrossEntropy(matmul(x, v), { labels }), w);
          sgdUpdate(w, gradient, undefined, plainSgd);
          trained.push(await numbers(w));
        });
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    };
    const predictions = Array.from({ length: 100 }, (_, i) => predict(i));
    await train();

    const firstRows = trained.map((numbersOfW) => numbersOfW.slice(0, 3).join());
    for (const logits of await Promise.all(predictions)) expect(firstRows).toContain(logits.join());
    expect(device.memory().handles).toBe(before);
  });

  it("an optimizer's step between forward and gradient is a StaleTensorError, not a wrong gradient", async () => {
    const device = await openPlain();
    const w = device.parameter([1, 2]);
    const before = device.memory().handles;
    const updates: ((p: Parameter, g: Tensor) => void)[] = [
      (p) => assign(p, [5, 6]),
      (p, g) => sgdUpdate(p, g, undefined, plainSgd),
    ];
    for (const update of updates) {
      await device.scoped((step) => {
        const tape = step.gradientTape();
        const watched = tape.watch(w);
        const loss = sum(mul(watched, watched));
        update(w, step.tensor([1, 1]));
        expect(refusal(() => tape.gradient(loss, watched))).toMatchObject({ name: "StaleTensorError", code: "STALE" });
      });
    }
    expect(device.memory().handles).toBe(before);
    expect(await numbers(w)).toEqual([4.5, 5.5]);
  });

  it("the loss scaled, plus a penalty on parameters alone, has the sum of the separate gradients", async () => {
    const device = await openPlain();
    const x = device.tensor(inputs);
    const w = device.parameter([0.5, -0.25, 1, 0.125, 0.75, -0.5], [2, 3]);
    const before = device.memory().handles;
    await device.scoped(async (step) => {
      const loss = (p: Tensor): Tensor => softmaxCrossEntropy(matmul(x, p), { labels });
      const penalty = (p: Tensor): Tensor => mul(sum(square(p)), 0.01);
      const alone = await numbers(step.grad(loss, w));
      const decay = (await numbers(w)).map((value) => 0.02 * value); // ∂ 0.01·Σp² = 0.02·p
      const held = device.memory().handles;
      const both = step.grad((p) => add(mul(loss(p), 3), penalty(p)), w);
      await expectClose(
        both,
        alone.map((g, i) => 3 * g + decay[i]!),
        1e-13,
      );
      expect(device.memory().handles).toBe(held + 1);
    });
    expect(device.memory().handles).toBe(before);
  });

  it("one gradient handed to two inputs stays two gradients", async () => {
    const device = await openPlain();
    const a = device.parameter([1, 2]);
    const b = device.parameter([3, 4]);
    const before = device.memory().handles;
    await device.scoped(async (step) => {
      await expectClose(
        step.grad((y) => sum(add(y, y)), a),
        [2, 2],
      );
      const gradients = step.grad((p) => sum(add(p.a, p.b)), { a, b });
      sgdUpdate(a, gradients.a, undefined, { ...plainSgd, weightDecay: 1 });
      gradients.a.dispose();
      await expectClose(gradients.b, [1, 1]);
      sgdUpdate(b, gradients.b, undefined, plainSgd);
      await expectClose(a, [0, 0.5]); // p − 0.5·(1 + p)
      await expectClose(b, [2.5, 3.5]);
    });
    expect(device.memory().handles).toBe(before);
  });

  // docs/semantics.md §2; digits from mpmath: ∂z_0 = −s'/(1+s') with s' = 2e^−margin.
  it.each([
    [17, -8.279874752007018e-8, 8.279875094788666e-8],
    [50, -3.8574996959278356e-22, 3.8574996959278356e-22],
  ])(
    "at margin %i loss and label gradient are exact under one recording and under two",
    async (margin, slope, value) => {
      const device = await openPlain();
      const before = device.memory().handles;
      await device.scoped(async (step) => {
        const z = step.tensor([margin, 0, 0]);
        const loss = (y: Tensor): Tensor => softmaxCrossEntropy(y, { labels: 0 });
        const expected = [slope, -slope / 2, -slope / 2];
        const one = step.valueAndGrad(loss, z);
        await expectClose(one.value, [value], 1e-12);
        await expectClose(one.gradients, expected, 1e-12);
        const two = step.hvp(loss, z, step.tensor([1, 0, 0]));
        await expectClose(two.value, [value], 1e-12);
        await expectClose(two.gradients, expected, 1e-12);
        const rest = 2 * Math.exp(-margin);
        const curvature = rest / (1 + rest) ** 2; // p_0·(1 − p_0)
        await expectClose(two.products, [curvature, -curvature / 2, -curvature / 2], 1e-12);
      });
      expect(device.memory().handles).toBe(before);
    },
  );

  it("the loss plus a penalty on its own gradient: d/dz (ℓ + λ‖∇ℓ‖²) = ∇ℓ + 2λH∇ℓ", async () => {
    const device = await openPlain();
    const before = device.memory().handles;
    await device.scoped(async (step) => {
      const z = step.tensor([
        [1, 2, 3],
        [0.5, -1, 0],
      ]);
      const loss = (y: Tensor): Tensor => softmaxCrossEntropy(y, { labels: [2, 0] });
      const penalised = (y: Tensor): Tensor => {
        const { value, gradients } = valueAndGrad(loss)(y);
        return add(value, mul(sum(square(gradients)), 0.3));
      };
      const gradient = step.grad(loss, z);
      const { products } = step.hvp(loss, z, gradient);
      const expected = add(gradient, mul(products, 0.6));
      await expectClose(step.grad(penalised, z), await numbers(expected), 1e-15);
    });
    expect(device.memory().handles).toBe(before);
  });
});
