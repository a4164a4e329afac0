import { type Facts, gradCheck } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { type Application, inputsOf, inScope, tensors } from "../ops/op-case.ts";
import { differentiable } from "./differentiable.ts";

/** For finite differences, which prove nothing in float32. */
export function needsFloat64({ floatBytes }: Facts): string | undefined {
  return floatBytes === 8 ? undefined : "floatBytes is 4: in float32 a difference proves nothing";
}

/** Holds the derivatives of an application, by all its inputs, to Richardson differences (docs/semantics.md §7: 1e-9, 1e-8). */
export async function checkDifferences(
  t: CaseContext,
  one: Application,
  { orders = [1, 2], elements = 64 }: { readonly orders?: readonly (1 | 2)[]; readonly elements?: number } = {},
): Promise<void> {
  const given = inputsOf(t, one);
  await inScope(t, async (scope) => {
    const inputs = tensors(scope, given);
    for (const order of orders) {
      const { ok, tolerance, worst } = await gradCheck((x) => one.apply(...x), inputs, { order, elements });
      t.expect(
        ok,
        `derivative ${order} by element ${worst.element} of input ${worst.parameter}: ${worst.analytic}, and by ` +
          `differences ${worst.numeric}: off by ${worst.error} of scale, ${tolerance} is allowed`,
      );
    }
  });
}

/** ⟨v, J·u⟩ = ⟨Jᵀ·v, u⟩: the forward and the reverse derivative are transposes of each other. */
async function transposed(t: CaseContext, one: Application): Promise<void> {
  const random = t.random("directions");
  const given = inputsOf(t, one);
  await inScope(t, async (scope) => {
    const params = tensors(scope, given);
    const u = given.map(({ shape, data }) => ({ shape, data: t.generate(data.length, random.normal) }));
    const { value, tangent } = scope.jvp((x) => one.apply(...x), params, tensors(scope, u));
    const v = t.generate(value.size, random.normal);
    const { gradients } = scope.vjp((x) => one.apply(...x), params, scope.tensor(v, value.shape));
    const forward = dot(v, await t.read(tangent));
    let [reverse, size] = [0, forward.size];
    for (const [i, gradient] of gradients.entries()) {
      const part = dot(await t.read(gradient), u[i]!.data);
      reverse += part.value;
      size += part.size;
    }
    // Both go through the same factors, none of them large; what cancels inside is of the size of v and u.
    const scale = Math.max(size, norm(v) * Math.hypot(...u.map(({ data }) => norm(data))));
    const expected = { values: [reverse], terms: scale, scale };
    t.check([forward.value], expected, betweenTwo(t.judge("derived")), "⟨v, J·u⟩ against ⟨Jᵀ·v, u⟩");
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): { readonly value: number; readonly size: number } {
  let [value, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    value += a[i]! * b[i]!;
    size += Math.abs(a[i]! * b[i]!);
  }
  return { value, size };
}

const norm = (list: ArrayLike<number>): number => Math.hypot(...Array.from(list));

/** First and second derivatives of every op that has them. */
export const differenceCases: readonly Case[] = Object.entries(differentiable).flatMap(([op, applications]) => {
  const { quick } = caseGroup(`gradients/${op}`);
  return Object.entries(applications).flatMap(([name, one]) => [
    quick(`${name}-as-differences`, (t) => checkDifferences(t, one), needsFloat64),
    quick(`${name}-forward-and-reverse`, (t) => transposed(t, one)),
  ]);
});
