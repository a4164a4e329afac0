import type { Tensor } from "@surprisal/core";
import {
  add,
  argmax,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  mul,
  sign,
  stopGradient,
  sum,
} from "@surprisal/core/ops";
import type { Case } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";

const { quick } = caseGroup("gradients");

/** Ops without a derivative. */
export type OpWithoutDerivative =
  | "argmax"
  | "equal"
  | "greater"
  | "greaterEqual"
  | "less"
  | "lessEqual"
  | "sign"
  | "stopGradient";

const comparison = "a comparison jumps between 0 and 1";

/** Why they have none. */
export const withoutDerivative: Readonly<
  Record<OpWithoutDerivative, { readonly reason: string; readonly apply: (x: Tensor) => Tensor }>
> = {
  argmax: { reason: "an index jumps", apply: (x) => argmax(x) },
  equal: { reason: comparison, apply: (x) => equal(x, 2) },
  greater: { reason: comparison, apply: (x) => greater(x, 2) },
  greaterEqual: { reason: comparison, apply: (x) => greaterEqual(2, x) },
  less: { reason: comparison, apply: (x) => less(x, 2) },
  lessEqual: { reason: comparison, apply: (x) => lessEqual(2, x) },
  sign: { reason: "constant but for a jump at 0", apply: (x) => sign(x) },
  stopGradient: { reason: "it says so", apply: (x) => stopGradient(x) },
};

/** They count as constants: alone their gradient is 0, and as a factor they scale that of the rest. */
export const zeroGradientCases: readonly Case[] = Object.entries(withoutDerivative).map(([op, { apply }]) =>
  quick(`${op}-is-a-constant`, (t) =>
    inScope(t, async (scope) => {
      const x = scope.tensor([1, 2, 3, -4]);
      const alone = scope.grad((y) => sum(apply(y)), x);
      t.same(await t.read(alone), [0, 0, 0, 0], "gradient of the op alone");
      const beside = scope.grad((y) => add(sum(apply(y)), sum(y)), x);
      t.same(await t.read(beside), [1, 1, 1, 1], "gradient of the op and x");
      const factor = apply(x);
      const product = scope.grad((y) => sum(mul(apply(y), y)), x);
      const expected = factor.size === 1 ? Array(4).fill(await factor.item()) : await t.read(factor);
      t.check(await t.read(product), expected as ArrayLike<number>, t.judge("exact"), "gradient of op(x)·x");
      const { products } = scope.hvp((y) => sum(mul(apply(y), y)), x, scope.tensor([1, 1, 1, 1]));
      t.same(await t.read(products), [0, 0, 0, 0], "its second derivative");
    }),
  ),
);
