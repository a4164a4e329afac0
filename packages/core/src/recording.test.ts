/** What a recording holds on to, and where what is made in it belongs. */
import { describe, expect, it } from "vitest";
import { expectClose, openPlain, refusal } from "../testing/claims.ts";
import { grad, matmul, max, mul, pad, slice, square, sum, type Tensor } from "./index.ts";
import { Recording } from "./recording.ts";

describe("a recorded function", () => {
  it("may keep a tensor for later without drawing all that follows out of the recording", async () => {
    const device = await openPlain();
    const p = device.parameter([1, 2]);
    const held = device.memory().handles;
    for (let i = 0; i < 3; i++) {
      let kept: Tensor | undefined;
      await device.scoped(async (outer) => {
        await outer.scoped((step) => {
          step.grad((w) => {
            kept = step.keep(mul(w, 3));
            return sum(square(kept));
          }, p);
        });
        await expectClose(kept!, [3, 6]);
      });
      expect(device.memory().handles).toBe(held);
    }
  });

  it("may change arrays that it gave to an op: the derivative is that of the call", async () => {
    const device = await openPlain();
    const x = device.tensor([1, 2]);
    const weights = device.tensor([10, 20, 30, 40]);
    const padded = grad((y: Tensor) => {
      const before = [1];
      const result = sum(mul(pad(y, before, [1]), weights));
      before[0] = 0;
      return result;
    });
    await expectClose(padded(x), [20, 30]);
    const begin = [0];
    const sliced = grad((y: Tensor) => {
      const parts = [0, 1].map((i) => {
        begin[0] = i;
        return mul(slice(y, begin, [1]), i + 1);
      });
      return sum(mul(parts[0]!, parts[1]!));
    });
    await expectClose(sliced(x), [4, 2]);
    const axes = [1];
    const largest = grad((y: Tensor) => {
      const result = sum(max(y, axes));
      axes[0] = 0;
      return result;
    });
    const ties = device.tensor([
      [1, 1],
      [0, 2],
    ]);
    await expectClose(largest(ties), [0.5, 0.5, 0, 1]);
  });
});

it("a tensor that an entry has saved twice stays with the other recordings that saved it", async () => {
  const device = await openPlain();
  const [output, saved] = [device.tensor([1]), device.tensor([2])];
  const outer = new Recording(output.region);
  const inner = new Recording(outer.region);
  const entry = { inputs: [], output, pullback: () => [], wantsWhole: false };
  outer.add({ ...entry, saved: [saved] });
  inner.add({ ...entry, saved: [saved, saved] });
  inner.removeLast({ freeUnused() {} });
  expect([saved.isSavedBy(inner), saved.isSavedBy(outer)]).toEqual([false, true]);
});

describe("vectors and gradients", () => {
  it("are matched with parameters by name, whatever the order of the names", async () => {
    const device = await openPlain();
    const scope = device.scope();
    const params = { a: scope.tensor([1]), b: scope.tensor([10]) };
    const f = ({ a, b }: typeof params): Tensor => sum(mul(square(a), b));
    const [va, vb] = [scope.tensor([1]), scope.tensor([0])];
    const { products } = scope.hvp(f, params, { b: vb, a: va });
    await expectClose(products.a, [20]);
    await expectClose(products.b, [2]);
    expect(refusal(() => scope.jvp(f, params, { a: va, c: vb } as never)).message).toBe(
      'jvp: only one of the structure and the parameters has "b"; give the same names to both',
    );
    scope.dispose();
  });

  it("come back in an object of the class that the parameters have", async () => {
    class Model {
      readonly w: Tensor;
      constructor(w: Tensor) {
        this.w = w;
      }
      apply(x: Tensor): Tensor {
        return mul(this.w, x);
      }
    }
    const device = await openPlain();
    const model = new Model(device.tensor([2]));
    const gradient = grad((m: Model) => sum(m.apply(square(m.w))))(model);
    await expectClose(gradient.w, [12]);
  });
});

describe("borrow", () => {
  it("lets a scope own what is computed from long-lived tensors alone", async () => {
    const device = await openPlain();
    const [x, w] = [device.tensor([[1, 2]]), device.parameter([[3], [4]])];
    const held = device.memory().handles;
    await device.scoped(async (step) => {
      await expectClose(matmul(step.borrow(x), w), [11]);
      const model = step.borrow({ x, w });
      await expectClose(matmul(model.x, model.w), [11]);
    });
    expect(device.memory().handles).toBe(held);
  });
});

describe("a gradient tape", () => {
  it("leaves the output to the scope it was made in, and says where an output does not depend on it", async () => {
    const device = await openPlain();
    await device.scoped(async (step) => {
      const tape = step.gradientTape();
      const x = tape.watch(step.tensor(3));
      const loss = mul(x, x);
      await expectClose(tape.gradient(loss, x), [6]);
      await expectClose(loss, [9]);
      const other = step.gradientTape();
      const watched = other.watch(step.tensor(3));
      const error = refusal(() => other.gradient(square(step.tensor(3)), watched));
      expect([error.code, error.message.split(";")[0]]).toEqual([
        "GRADIENT",
        "gradient: the output does not depend on anything this tape watched",
      ]);
    });
    expect(device.memory().handles).toBe(0);
  });

  it("that is persistent holds no more after a hundred gradients than after one", async () => {
    const device = await openPlain();
    const step = device.scope();
    const tape = step.gradientTape({ persistent: true });
    const x = tape.watch(step.tensor([1, 2]));
    const y = sum(mul(square(x), x));
    const once = () => tape.gradient(y, x).dispose();
    once();
    const held = device.memory().handles;
    for (let i = 0; i < 100; i++) once();
    expect(device.memory().handles).toBe(held);
    step.dispose();
    expect(device.memory().handles).toBe(0);
  });
});
