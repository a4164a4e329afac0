import { type LossOptions, softmaxCrossEntropy, softmaxCrossEntropyGradient } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";

const { quick } = caseGroup("loss/derivatives");

/**
 * Two classes, [M, 0] with label 0: ν = log1p(e^−x) for x = z′(M), ν′ = −r, r′ = −r·p, and so with φ of the focal and
 * poly terms L′ = −F·r·d, L″ = (F′·r² + F·r·p)·d² − F·r·d′, where d = dx/dM. Nothing in it cancels.
 */
function closedForm(margin: number, { temperature = 1, softcap: c = 0, focal = 0, poly = 0 }: LossOptions) {
  const t = 1 / (temperature as number);
  const e = Math.exp((-2 * t * margin) / c);
  const x = c === 0 ? t * margin : (c * -Math.expm1((-2 * t * margin) / c)) / (1 + e);
  const d = c === 0 ? t : (4 * t * e) / (1 + e) ** 2;
  const dSlope = c === 0 ? 0 : ((-2 * t) / c) * (-Math.expm1((-2 * t * margin) / c) / (1 + e)) * d;
  const nu = Math.log1p(Math.exp(-x));
  const p = 1 / (1 + Math.exp(-x));
  const r = Math.exp(-x) * p;
  const rho = nu / r;
  const inner = 1 + poly * p + focal * p * (rho + poly);
  // ν/r grows from 1 as 1 + ν/2 − …, and its slope is (1 − ν·p/r)/r → 1/2.
  const rhoSlope = nu < 1e-5 ? 0.5 : (1 - rho * p) / r;
  const innerSlope = -poly * p - focal * p * (rho + poly) + focal * p * rhoSlope;
  const F = r ** focal * inner;
  const FSlope = (focal === 0 ? 0 : focal * r ** (focal - 1) * p * inner) + r ** focal * innerSlope;
  return { slope: -F * r * d, curvature: (FSlope * r ** 2 + F * r * p) * d ** 2 - F * r * dSlope };
}

async function confident(t: CaseContext, margin: number, options: LossOptions): Promise<void> {
  const { slope, curvature } = closedForm(margin, options);
  const growth = (2 + (options.focal ?? 0)) * (1 + margin / 5) + 2 * (options.softcap ?? 0);
  await inScope(t, async (scope) => {
    const [z, v] = [scope.tensor([[margin, 0]]), scope.tensor([[1, 0]])];
    const relative = (value: number) => ({
      values: [value, -value],
      scale: Math.abs(value) * growth,
      terms: Math.abs(value) * growth,
    });
    const { gradients, products } = scope.hvp((y) => softmaxCrossEntropy(y, { labels: [0] }, options), z, v);
    const gradient = (await t.read(gradients)).slice(0, 1);
    t.check(gradient, { ...relative(slope), values: [slope] }, t.judge("confident term curvature"), "gradient");
    t.check(
      (await t.read(products)).slice(0, 1),
      { ...relative(curvature), values: [curvature] },
      t.judge("confident term curvature"),
      "H·v",
    );
    const byOp = scope.vjp((y) => softmaxCrossEntropyGradient(y, { labels: [0] }, options), z, v).gradients;
    t.check(
      (await t.read(byOp)).slice(0, 1),
      { ...relative(curvature), values: [curvature] },
      t.judge("confident term curvature"),
      "vᵀ·J",
    );
  });
}

const sets: Readonly<Record<string, LossOptions>> = {
  temperature: { temperature: 0.8 },
  softcap: { softcap: 200 },
  focal: { focal: 1 },
  "focal-below-1": { focal: 0.5 },
  poly: { poly: 0.5 },
  "focal-and-poly": { focal: 0.5, poly: 2, temperature: 1.25 },
};

/** Curvature under the further terms keeps its relative precision where the label leads. */
export const termCurvatureCases: readonly Case[] = Object.entries(sets).flatMap(([name, options]) =>
  [2, 5, 17, 40].map((margin) => quick(`confident-${margin}-${name}`, (t) => confident(t, margin, options))),
);
