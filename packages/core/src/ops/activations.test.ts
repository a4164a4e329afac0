import { describe, expect, it } from "vitest";
import { expectClose, openPlain, refusal } from "../../testing/claims.ts";
import { gelu, grad, normalCdf, relu, sigmoid, sum, type Tensor, tanh } from "../index.ts";

describe("activations", () => {
  const x = [-2, -0.5, 1, 3];

  it("gelu is x·Φ(x), and its slope Φ(x) + x·φ(x) (mpmath; PyTorch's gelu(1) = 0.8413447460685429)", async () => {
    const device = await openPlain();
    const values = [-0.04550026389635842, -0.15426876936299344, 0.8413447460685429, 2.99595030590511];
    await expectClose(gelu(device.tensor(x)), values, 5e-15);
    const slopes = [-0.0852318010781969, 0.13250487534383715, 1.0833154705876864, 1.011945647204184];
    await expectClose(grad((y: Tensor) => sum(gelu(y)))(device.tensor(x)), slopes, 5e-15);
    await expectClose(normalCdf(device.tensor([0, 1])), [0.5, 0.8413447460685429], 5e-15);
  });

  it('gelu\'s "tanh" is ½x(1 + tanh(√(2/π)(x + 0.044715x³))) (mpmath; PyTorch gives 0.8411919906082768 at 1)', async () => {
    const device = await openPlain();
    const values = [-0.04540230591222498, -0.15428599017485609, 0.8411919906082767, 2.996362607918227];
    await expectClose(gelu(device.tensor(x), { approximate: "tanh" }), values, 5e-15);
  });

  it("relu keeps NaN, and its slope is 0 at 0", async () => {
    const device = await openPlain();
    await expectClose(relu(device.tensor([-1, 0, 2, Number.NaN, -Infinity])), [0, 0, 2, Number.NaN, 0]);
    await expectClose(grad((y: Tensor) => sum(relu(y)))(device.tensor([-1, 0, 2])), [0, 0, 1]);
  });

  it("sigmoid and tanh saturate without NaN, and sigmoid's slope stays exact far out", async () => {
    const device = await openPlain();
    await expectClose(sigmoid(device.tensor([-Infinity, -800, 0, 800])), [0, 0, 0.5, 1]);
    await expectClose(tanh(device.tensor([-Infinity, 0, 800])), [-1, 0, 1]);
    // y(1 − y) as σ(x)σ(−x): e^−40 to first order, where 1 − y is 0.
    await expectClose(grad((y: Tensor) => sum(sigmoid(y)))(device.tensor([40])), [Math.exp(-40)], 1e-14);
  });

  it("gelu refuses an unknown form", async () => {
    const device = await openPlain();
    const y = device.tensor([1]);
    expect(refusal(() => gelu(y, { approximate: "erf" as never })).message).toBe(
      'gelu: approximate is "none" or "tanh", not "erf"',
    );
    expect(refusal(() => gelu(y, { aproximate: "tanh" } as never)).message).toBe(
      'gelu: there is no option "aproximate"; the options are approximate',
    );
  });
});
