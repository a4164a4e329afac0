import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { full, grad, linear, matmul, mul, sum, type Tensor, transpose, zeros } from "../index.ts";

const a = [
  [1, 2, 3],
  [4, 5, 6],
];
const b = [
  [1, 0],
  [2, -1],
  [0, 3],
];
const product = [
  [5, 7],
  [14, 13],
];

describe("matmul", () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])(
    "multiplies matrices stored as they are or transposed (%s, %s), also as stacks",
    async (transposeA, transposeB) => {
      const device = await openPlain();
      const [x, y] = [device.tensor(a), device.tensor(b)];
      const left = transposeA ? transpose(x) : x;
      const right = transposeB ? transpose(y) : y;
      expect(await matmul(left, right, { transposeA, transposeB }).array()).toEqual(product);
      const stack = device.tensor(full([2, 1, 1], 2));
      const stacked = matmul(mul(left, stack), right, { transposeA, transposeB });
      const doubled = product.map((row) => row.map((value) => 2 * value));
      expect(await stacked.array()).toEqual([doubled, doubled]);
      // ∂Σ(AB)/∂A = 1·Bᵀ and ∂Σ(AB)/∂B = Aᵀ·1.
      const gradients = grad((p: readonly Tensor[]) => sum(matmul(p[0]!, p[1]!, { transposeA, transposeB })))([
        left,
        right,
      ]);
      const ofLeft = [
        [1, 1, 3],
        [1, 1, 3],
      ];
      const ofRight = [
        [5, 5],
        [7, 7],
        [9, 9],
      ];
      expect(await (transposeA ? transpose(gradients[0]!) : gradients[0]!).array()).toEqual(ofLeft);
      expect(await (transposeB ? transpose(gradients[1]!) : gradients[1]!).array()).toEqual(ofRight);
    },
  );

  it("takes a vector for a row on the left and a column on the right (NumPy)", async () => {
    const device = await openPlain();
    const [x, y, v, w] = [device.tensor(a), device.tensor(b), device.tensor([1, 1, 2]), device.tensor([1, -1])];
    expect(await matmul(x, v).array()).toEqual([9, 21]);
    expect(await matmul(v, y).array()).toEqual([3, 5]);
    expect(await matmul(v, v).array()).toBe(6);
    expect(await matmul(w, x).array()).toEqual([-3, -3, -3]);
    const stack = device.tensor([a, a]);
    expect(await matmul(stack, v).array()).toEqual([
      [9, 21],
      [9, 21],
    ]);
    expect(await matmul(w, stack).array()).toEqual([
      [-3, -3, -3],
      [-3, -3, -3],
    ]);
    await expectClose(grad((p: Tensor) => sum(matmul(x, p)))(v), [5, 7, 9]);
  });

  it.each<[number[], number[], number[]]>([
    [
      [4, 2, 3],
      [3, 5],
      [4, 2, 5],
    ],
    [
      [2, 3],
      [4, 3, 5],
      [4, 2, 5],
    ],
    [
      [4, 1, 2, 3],
      [6, 3, 5],
      [4, 6, 2, 5],
    ],
    [
      [0, 3],
      [3, 2],
      [0, 2],
    ],
    [
      [2, 0],
      [0, 3],
      [2, 3],
    ],
    [
      [0, 2, 3],
      [3, 5],
      [0, 2, 5],
    ],
  ])("broadcasts stacks: %j · %j is %j", async (left, right, shape) => {
    const device = await openPlain();
    const params = [device.tensor(full(left, 2)), device.tensor(full(right, 3))] as const;
    const y = matmul(...params);
    expect(y.shape).toEqual(shape);
    const size = shape.reduce((p, n) => p * n, 1);
    await expectClose(y, new Array(size).fill(6 * left.at(-1)!));
    // Σy = 6·k·size, and each element of an operand has an equal part in it.
    const gradients = grad((p: readonly Tensor[]) => sum(matmul(p[0]!, p[1]!)))(params);
    for (const [i, value] of [2, 3].entries()) {
      const { size: own } = params[i]!;
      await expectClose(gradients[i]!, new Array(own).fill((6 * left.at(-1)! * size) / own / value), 1e-15);
    }
  });

  it.each<[number[], number[], object | undefined, "SHAPE" | "OPTION", string]>([
    [[2, 3], [4, 5], undefined, "SHAPE", "matmul: inner sizes differ: [2, 3] · [4, 5] (3 ≠ 4)"],
    [[3], [4], undefined, "SHAPE", "matmul: inner sizes differ: [3] · [4] (3 ≠ 4)"],
    [[2, 2, 3], [1, 2, 3], undefined, "SHAPE", "matmul: inner sizes differ: [2, 2, 3] · [1, 2, 3] (3 ≠ 2)"],
    [[2, 3], [3, 2], { transposeA: true }, "SHAPE", "matmul: inner sizes differ: [2, 3] · [3, 2] (2 ≠ 3)"],
    [
      [2, 2, 3],
      [3, 3, 2],
      undefined,
      "SHAPE",
      "matmul: [2] and [3] do not broadcast: 2 ≠ 3; each axis must be equal or 1",
    ],
    [[], [2, 2], undefined, "SHAPE", "matmul: a scalar has no matrix: [] · [2, 2]; use mul"],
    [
      [2, 2],
      [2, 2],
      { transpose_b: true },
      "OPTION",
      'matmul: there is no option "transpose_b"; the options are transposeA, transposeB',
    ],
  ])("refuses %j · %j with %j", async (left, right, options, code, message) => {
    const device = await openPlain();
    const [x, y] = [device.tensor(zeros(...left)), device.tensor(zeros(...right))];
    expectRefused(device, () => matmul(x, y, options as never), code, [message]);
  });
});

describe("linear", () => {
  it("is x·w + b for any batch, one row included", async () => {
    const device = await openPlain();
    const [w, bias] = [device.tensor(b), device.tensor([10, 20])];
    expect(await linear(device.tensor(a), w, bias).array()).toEqual([
      [15, 27],
      [24, 33],
    ]);
    expect(await linear(device.tensor(a[0]!), w).array()).toEqual([5, 7]);
    expect(await linear(device.tensor([[a]]), w).array()).toEqual([[product]]);
    expect(linear(device.tensor(zeros(0, 3)), w, bias).shape).toEqual([0, 2]);
  });

  it.each<[number[], number[], number[] | undefined, string]>([
    [
      [2, 3],
      [4, 5],
      undefined,
      "linear: x [2, 3] · w [4, 5] do not fit; x is [..., inputs], w [inputs, units], b [units]",
    ],
    [
      [2, 3],
      [3, 5],
      [4],
      "linear: x [2, 3] · w [3, 5] + b [4] do not fit; x is [..., inputs], w [inputs, units], b [units]",
    ],
    [
      [2, 3],
      [3, 5],
      [1, 5],
      "linear: x [2, 3] · w [3, 5] + b [1, 5] do not fit; x is [..., inputs], w [inputs, units], b [units]",
    ],
    [[2, 3], [3], undefined, "linear: x [2, 3] · w [3] do not fit; x is [..., inputs], w [inputs, units], b [units]"],
    [[], [3, 5], undefined, "linear: x [] · w [3, 5] do not fit; x is [..., inputs], w [inputs, units], b [units]"],
  ])("refuses %j · %j + %j", async (x, w, bias, message) => {
    const device = await openPlain();
    const [left, right] = [device.tensor(zeros(...x)), device.tensor(zeros(...w))];
    const last = bias && device.tensor(zeros(...bias));
    expectRefused(device, () => linear(left, right, last), "SHAPE", [message]);
  });
});
