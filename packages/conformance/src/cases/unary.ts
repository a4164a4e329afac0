import type { UnaryFunction } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../case.ts";
import { unary } from "../oracle/elementwise.ts";
import type { Quantity } from "../tolerance.ts";
import { caseGroup } from "./define.ts";

const { quick } = caseGroup("kernel/unary");

/** Where a function is tried: numbers that matter to it, and the range of the random ones that follow. */
interface Domain {
  readonly quantity: Quantity;
  readonly points: readonly number[];
  readonly range: readonly [number, number];
  readonly alpha?: number;
  readonly beta?: number;
}

const around0 = [0, 1, -1, 0.5, -0.5, 2 ** -13, -(2 ** -13), 1e-6, -1e-6, 1e-30, -1e-30];
const choices = [...around0, 3.5, -3.5, 1e30, -1e30];

const domains: Record<Exclude<UnaryFunction, "affine" | "pow" | "clamp">, Domain> = {
  exp: { quantity: "elementary", points: [...around0, 88, 88.5, -87, -20, 20, -86.5, 50.3, -50.3], range: [-87, 88] },
  expm1: { quantity: "elementary", points: [...around0, 1e-4, -1e-4, 88, -88, -17, 0.3, -0.3], range: [-4, 4] },
  log: {
    quantity: "elementary",
    points: [1, 0.5, 2, 0.999, 1.001, 1 + 2 ** -20, 1 - 2 ** -20, 1e-30, 1e30, 1e-37, 3e38],
    range: [0.01, 9],
  },
  log1p: {
    quantity: "elementary",
    points: [...around0.filter((x) => x > -1), -0.999, 1e-10, 3e38, 1e7],
    range: [-0.9, 9],
  },
  tanh: { quantity: "elementary", points: [...around0, 0.1, -0.1, 9.5, -9.5, 50, -50], range: [-5, 5] },
  sigmoid: { quantity: "elementary", points: [...around0, 17, -17, 87, -87, 1e30, -1e30], range: [-20, 20] },
  relu: { quantity: "exact", points: choices, range: [-2, 2] },
  step: { quantity: "exact", points: choices, range: [-2, 2] },
  abs: { quantity: "exact", points: choices, range: [-2, 2] },
  sign: { quantity: "exact", points: choices, range: [-2, 2] },
  normalCdf: { quantity: "composed", points: [...around0, -2, -5, -8, -12.5, 5, 8, 40], range: [-6, 6] },
  geluErf: { quantity: "composed", points: [...around0, -2, -5, -8, -12, 5, 8, 1e30], range: [-6, 6] },
  geluTanh: { quantity: "composed", points: [...around0, -2, -5, -7, 5, 8, 1e10], range: [-5, 5] },
};

const scalars: readonly (Domain & { readonly fn: UnaryFunction; readonly name: string })[] = [
  { fn: "affine", name: "affine", quantity: "arithmetic", points: choices, range: [-4, 4], alpha: -2.5, beta: 0.75 },
  {
    fn: "affine",
    name: "affine-inexact-scalars",
    quantity: "arithmetic",
    points: around0,
    range: [-4, 4],
    alpha: 1 / 3,
    beta: 0.1,
  },
  { fn: "affine", name: "affine-zero", quantity: "arithmetic", points: choices, range: [-4, 4], alpha: 0, beta: 7 },
  { fn: "pow", name: "pow-square", quantity: "composed", points: around0, range: [-3, 3], alpha: 2 },
  {
    fn: "pow",
    name: "pow-cube",
    quantity: "composed",
    points: around0.filter((x) => Math.abs(x) > 1e-9 || x === 0),
    range: [-3, 3],
    alpha: 3,
  },
  {
    fn: "pow",
    name: "pow-root",
    quantity: "composed",
    points: [0, 1, 4, 2, 1e-30, 1e30],
    range: [0.01, 9],
    alpha: 0.5,
  },
  {
    fn: "pow",
    name: "pow-reciprocal",
    quantity: "composed",
    points: [1, -1, 3, -3, 1e-30, 1e30],
    range: [0.01, 9],
    alpha: -1,
  },
  { fn: "pow", name: "pow-fraction", quantity: "composed", points: [1, 2, 1e-10, 1e10], range: [0.01, 9], alpha: 2.7 },
  { fn: "pow", name: "pow-zero", quantity: "composed", points: choices, range: [-3, 3], alpha: 0 },
  { fn: "clamp", name: "clamp", quantity: "exact", points: choices, range: [-3, 3], alpha: -0.75, beta: 1.5 },
  {
    fn: "clamp",
    name: "clamp-from-below",
    quantity: "exact",
    points: choices,
    range: [-3, 3],
    alpha: 0.5,
    beta: Number.POSITIVE_INFINITY,
  },
];

const length = 330;

async function apply(
  t: CaseContext,
  fn: UnaryFunction,
  x: ArrayLike<number>,
  domain: Pick<Domain, "quantity" | "alpha" | "beta">,
): Promise<void> {
  const params = { fn, alpha: domain.alpha ?? 0, beta: domain.beta ?? 0, length: x.length };
  const y = t.output(x.length);
  t.kernels.unary({ y }, { x: t.float(x) }, params);
  t.check(await t.read(y), unary(x, params), t.judge(domain.quantity), fn);
}

function ordinary(name: string, fn: UnaryFunction, domain: Domain): Case {
  return quick(name, async (t) => {
    const random = t.random();
    const [low, high] = domain.range;
    const x = t.generate(length, (i) => domain.points[i] ?? low + (high - low) * random.uniform());
    await apply(t, fn, x, domain);
  });
}

/** Functions whose value at an infinity is a limit that the formula does not give (∞·0) are left out there. */
const nonFinite: readonly (readonly [
  UnaryFunction,
  readonly number[],
  (Pick<Domain, "alpha" | "beta"> & { quantity?: Quantity })?,
])[] = [
  ["affine", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1], { alpha: -2, beta: 1 }],
  ["pow", [Number.NaN, Number.POSITIVE_INFINITY, 0, 2], { alpha: -2, quantity: "composed" }],
  [
    "clamp",
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.25],
    { alpha: -1, beta: 2, quantity: "exact" },
  ],
  ["exp", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e4]],
  ["expm1", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e4]],
  ["log", [Number.NaN, Number.POSITIVE_INFINITY, 0, -1]],
  ["log1p", [Number.NaN, Number.POSITIVE_INFINITY, -1, -2]],
  ["tanh", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]],
  ["sigmoid", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]],
  ["relu", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]],
  ["step", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]],
  ["abs", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]],
  ["sign", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]],
  ["normalCdf", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]],
  ["geluErf", [Number.NaN, Number.POSITIVE_INFINITY, 0, 1], { quantity: "composed" }],
  ["geluTanh", [Number.NaN, Number.POSITIVE_INFINITY, 0, 1], { quantity: "composed" }],
];

/** Every function of one variable: where it is well known, at its edges, beyond the finite numbers, in place. */
export const unaryCases: readonly Case[] = [
  ...Object.entries(domains).map(([fn, domain]) => ordinary(fn, fn as UnaryFunction, domain)),
  ...scalars.map((domain) => ordinary(domain.name, domain.fn, domain)),
  ...nonFinite.map(([fn, points, options]) =>
    quick(
      `${fn}-non-finite`,
      async (t) => {
        const x = t.generate(12, (i) => points[i % points.length]!);
        await apply(t, fn, x, { quantity: "elementary", ...options });
      },
      strictNonFinite,
    ),
  ),
  quick("in-place", async (t) => {
    const x = t.generate(length, t.random().normal);
    const handle = t.float(x);
    const params = { fn: "affine", alpha: 2, beta: -1, length } as const;
    t.kernels.unary({ y: handle }, { x: handle }, params);
    t.check(await t.read(handle), unary(x, params), t.judge("arithmetic"), "y");
  }),
  quick("nothing", (t) => apply(t, "exp", [], { quantity: "elementary" })),
  quick("long", async (t) => {
    await apply(t, "exp", t.generate(5000, t.random().normal), { quantity: "elementary" });
  }),
];
