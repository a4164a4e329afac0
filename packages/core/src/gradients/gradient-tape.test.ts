import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { expectClose, openPlain, refusal } from "../../testing/claims.ts";
import { exp, type GradientTape, mul, sum, type Tensor } from "../index.ts";

describe("a gradient tape", () => {
  it("differentiates by watched tensors, in their arrangement, and by what was computed from them", async () => {
    const device = await openPlain();
    const step = device.scope();
    const tape = step.gradientTape();
    const { a, b } = tape.watch({ a: step.tensor([2]), b: step.tensor([3]) });
    const product = mul(a, b);
    const gradients = tape.gradient(sum(exp(product)), { a, b, product });
    await expectClose(gradients.a, [3 * Math.exp(6)]);
    await expectClose(gradients.b, [2 * Math.exp(6)]);
    await expectClose(gradients.product, [Math.exp(6)]);
  });

  it("takes a cotangent for an output of any shape", async () => {
    const device = await openPlain();
    const tape = device.scope().gradientTape();
    const x = tape.watch(device.tensor([1, 2]));
    await expectClose(tape.gradient(mul(x, x), x, device.tensor([1, 10])), [2, 40]);
  });

  it("inside another gives second derivatives", async () => {
    const device = await openPlain();
    const step = device.scope();
    const [outer, inner] = [step.gradientTape(), step.gradientTape()];
    const x = outer.watch(step.tensor([2]));
    const y = inner.watch(x);
    const first = inner.gradient(sum(mul(y, mul(y, y))), y);
    await expectClose(first, [12]); // 3x²
    await expectClose(outer.gradient(sum(first), x), [12]); // 6x
  });

  it.each<
    [
      string,
      (tape: GradientTape, x: Tensor, source: Tensor) => unknown,
      "GRADIENT" | "SHAPE" | "VALUE" | "OPTION",
      string,
    ]
  >([
    [
      "used twice",
      (tape, x) => {
        const y = sum(x);
        tape.gradient(y, x);
        tape.gradient(y, x);
      },
      "GRADIENT",
      "gradient: this tape has given its gradient; make it { persistent: true } to use it again",
    ],
    [
      "watching after its gradient",
      (tape, x) => {
        tape.gradient(sum(x), x);
        tape.watch(x);
      },
      "GRADIENT",
      "watch: this tape has given its gradient; make it { persistent: true } to use it again",
    ],
    [
      "after it was disposed",
      (tape, x) => {
        tape.dispose();
        tape.gradient(sum(x), x);
      },
      "DISPOSED" as never,
      "sum: a tensor [2] was used after it was disposed; keep it with scope.keep(tensor), or use it before its scope ends",
    ],
    [
      "watching after it was disposed",
      (tape, _, source) => {
        tape.dispose();
        tape.watch(source);
      },
      "GRADIENT",
      "watch: this tape was disposed",
    ],
    [
      "with a source it did not watch",
      (tape, x, source) => tape.gradient(sum(x), source),
      "GRADIENT",
      "gradient: a source was not watched by this tape; differentiate by what tape.watch(x) returned",
    ],
    [
      "of what is no scalar",
      (tape, x) => tape.gradient(x, x),
      "GRADIENT",
      "gradient: a gradient needs a scalar, and the function returned [2]; reduce it with sum or mean, or use vjp",
    ],
    [
      "of a number",
      (tape, x) => tape.gradient(3 as never, x),
      "VALUE",
      "gradient: expected a tensor, not the number 3; make one with device.tensor(values)",
    ],
    [
      "with a cotangent of another shape",
      (tape, x) => tape.gradient(x, x, sum(x)),
      "SHAPE",
      "gradient: the cotangent [] must have the shape of the result [2]",
    ],
  ])("is refused %s", async (_, call, code, message) => {
    const device = await openPlain();
    const source = device.tensor([1, 2]);
    const step = device.scope();
    const tape = step.gradientTape();
    const error = refusal(() => call(tape, tape.watch(source), source));
    expect([error.code, error.message]).toEqual([code, message]);
    step.dispose();
    expect(device.memory().handles).toBe(1);
  });

  it("refuses unknown options", async () => {
    const device = await openPlain();
    expect(refusal(() => device.scope().gradientTape({ persist: true } as never)).message).toBe(
      'gradientTape: there is no option "persist"; the options are persistent',
    );
  });

  it("ends with its scope", async () => {
    const device = await openPlain();
    const step = device.scope();
    const tape = step.gradientTape({ persistent: true });
    const x = tape.watch(device.tensor([1]));
    const y = sum(mul(x, x));
    step.dispose();
    expect(refusal(() => tape.gradient(y, x)).code).toBe("DISPOSED");
    expect(device.memory().handles).toBe(1);
  });

  it("is forgotten by the constants it saved, so that a long training does not grow", async () => {
    const device = await openPlain();
    const constant = device.tensor([2]);
    const recorded = (): WeakRef<object> => {
      const step = device.scope();
      const tape = step.gradientTape();
      const x = tape.watch(step.tensor([1]));
      const recording = new WeakRef(x.tapes[0]!);
      tape.gradient(sum(mul(x, constant)), x);
      step.dispose();
      return recording;
    };
    const recordings = Array.from({ length: 10 }, recorded);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
    expect(recordings.filter((recording) => recording.deref() !== undefined).length).toBeLessThanOrEqual(1);
  });
});
