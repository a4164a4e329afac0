import type { Facts, Fusions, Kernels } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../case.ts";
import { derivedLinear, derivedLinearGradient } from "../derived/linear.ts";
import { derivedAdamw, derivedSgd } from "../derived/optimizers.ts";
import type { TrackedHandle } from "../instrument.ts";
import { gemm } from "../oracle/reduction.ts";
import { betweenTwo } from "../tolerance.ts";
import { caseGroup } from "./define.ts";
import { linearCrossEntropyCases } from "./linear-cross-entropy.ts";

const { quick } = caseGroup("fusion");

const offered =
  (name: keyof Fusions): NonNullable<Case["needs"]> =>
  (_facts: Facts, kernels: Kernels) =>
    kernels[name] === undefined ? `${name} is not offered: core derives it` : undefined;

const offeredForInfinities =
  (name: keyof Fusions): Case["needs"] =>
  (facts: Facts, kernels: Kernels) =>
    offered(name)(facts, kernels) ?? strictNonFinite(facts);

const absolute = (list: ArrayLike<number>): Float64Array => Float64Array.from(list, Math.abs);

/** Reads both results of every output and holds them to each other. */
async function agree(
  t: CaseContext,
  fused: Readonly<Record<string, TrackedHandle | undefined>>,
  derived: Readonly<Record<string, TrackedHandle | undefined>>,
  scales: Readonly<Record<string, ArrayLike<number> | number | undefined>>,
  quantity: "product" | "update",
): Promise<void> {
  for (const [name, handle] of Object.entries(fused)) {
    if (handle === undefined) continue;
    const values = await t.read(derived[name]!);
    const scale = scales[name];
    t.check(await t.read(handle), { values, scale, terms: scale }, betweenTwo(t.judge(quantity)), name);
  }
}

const shape = { rows: 33, inputs: 10, units: 7 };
const product = { m: 33, n: 7, k: 10, batch: 1, transA: false, transB: false, accumulate: false };

function linearCase(name: string, withBias: boolean): Case {
  return quick(
    name,
    async (t) => {
      const random = t.random();
      const [x, w] = [t.generate(330, random.normal), t.generate(70, random.normal)];
      const b = withBias ? t.generate(7, random.normal) : undefined;
      const inputs = { x: t.float(x), w: t.float(w), b: b && t.float(b) };
      const [fused, derived] = [{ y: t.output(231) }, { y: t.output(231) }];
      t.kernels.linear!(fused, inputs, shape);
      derivedLinear(t.backend, derived, inputs, shape);
      const { scale } = gemm(absolute(x), absolute(w), undefined, product);
      const withB = Float64Array.from(scale as ArrayLike<number>, (size, d) => size + Math.abs(b?.[d % 7] ?? 0));
      await agree(t, fused, derived, { y: withB }, "product");
    },
    offered("linear"),
  );
}

const gradientOutputs = ["dx", "dw", "db"] as const;

const sgdStyles = {
  "sgd-plain": { momentum: 0, dampening: 0, nesterov: false, weightDecay: 0, gradientScale: 1 },
  "sgd-momentum": { momentum: 0.9, dampening: 0.1, nesterov: false, weightDecay: 0.01, gradientScale: 0.5 },
  "sgd-nesterov": { momentum: 0.9, dampening: 0, nesterov: true, weightDecay: 0.01, gradientScale: 1 },
};

/** Without decay a step does not multiply a parameter, so that an infinite one stays: 0·∞ is NaN. */
const infinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5, Number.POSITIVE_INFINITY, -2];

async function staysInfinite(t: CaseContext, parameter: TrackedHandle, moments: readonly TrackedHandle[]) {
  const stepped = await t.read(parameter);
  for (const [i, value] of infinite.entries()) {
    const isRight = Number.isFinite(value) ? stepped[i]! < value : stepped[i] === value;
    t.expect(isRight, `parameter[${i}] was ${value}, and after a step without decay it is ${stepped[i]}`);
  }
  for (const moment of moments) {
    const values = Array.from(await t.read(moment));
    t.expect(values.every(Number.isFinite), `a moment is ${values}, of an infinite parameter without decay`);
  }
}

const withoutDecayCases: readonly Case[] = [
  ...[undefined, "momentum", "nesterov"].map((style) =>
    quick(
      style === undefined ? "sgd-without-decay" : `sgd-without-decay-${style}`,
      async (t) => {
        const [parameter, gradient] = [t.float(infinite), t.float(infinite.map(() => 0.25))];
        const velocity = style === undefined ? undefined : t.float(infinite.map(() => 1));
        const handles = { parameter, velocity };
        const rates = { learningRate: 0.1, momentum: style === undefined ? 0 : 0.9, dampening: 0, gradientScale: 0.5 };
        const params = { ...rates, length: infinite.length, nesterov: style === "nesterov", weightDecay: 0 };
        t.kernels.sgd!(handles, { ...handles, gradient }, params);
        await staysInfinite(t, parameter, velocity ? [velocity] : []);
      },
      offeredForInfinities("sgd"),
    ),
  ),
  ...[true, false].map((decoupled) =>
    quick(
      decoupled ? "adamw-without-decay" : "adam-without-decay",
      async (t) => {
        const [parameter, gradient] = [t.float(infinite), t.float(infinite.map(() => 0.25))];
        const [mean, variance] = [t.float(infinite.map(() => 0)), t.float(infinite.map(() => 0))];
        const handles = { parameter, mean, variance };
        const rates = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled };
        const corrections = { correction1: 0.1, correction2: 0.001, gradientScale: 0.5 };
        t.kernels.adamw!(handles, { ...handles, gradient }, { ...rates, ...corrections, length: infinite.length });
        await staysInfinite(t, parameter, [mean, variance]);
      },
      offeredForInfinities("adamw"),
    ),
  ),
];

/** Each fusion that a backend has, against the form that core derives from the required kernels. */
export const fusionCases: readonly Case[] = [
  linearCase("linear", true),
  linearCase("linear-without-bias", false),
  quick(
    "linear-gradient",
    async (t) => {
      const random = t.random();
      const data = {
        x: t.generate(330, random.normal),
        w: t.generate(70, random.normal),
        g: t.generate(231, random.normal),
      };
      const inputs = { x: t.float(data.x), w: t.float(data.w), g: t.float(data.g) };
      const [x, w, g] = [absolute(data.x), absolute(data.w), absolute(data.g)];
      const scales = {
        dx: gemm(g, w, undefined, { ...product, m: 33, n: 10, k: 7, transB: true }).scale,
        dw: gemm(x, g, undefined, { ...product, m: 10, n: 7, k: 33, transA: true }).scale,
        db: gemm(new Float64Array(33).fill(1), g, undefined, { ...product, m: 1, n: 7, k: 33 }).scale,
      };
      for (const wanted of [gradientOutputs, ...gradientOutputs.map((name) => [name])]) {
        const make = () => ({
          dx: wanted.includes("dx") ? t.output(330) : undefined,
          dw: wanted.includes("dw") ? t.output(70) : undefined,
          db: wanted.includes("db") ? t.output(7) : undefined,
        });
        const [fused, derived] = [make(), make()];
        t.kernels.linearGradient!(fused, inputs, shape);
        derivedLinearGradient(t.backend, derived, inputs, shape);
        await agree(t, fused, derived, scales, "product");
      }
    },
    offered("linearGradient"),
  ),
  ...linearCrossEntropyCases,
  ...Object.entries(sgdStyles).map(([name, style]) =>
    quick(
      name,
      async (t) => {
        const random = t.random();
        const params = { ...style, length: 330, learningRate: 0.1 };
        const [p, g, v] = [
          t.generate(330, random.normal),
          t.generate(330, random.normal),
          t.generate(330, random.normal),
        ];
        const make = () => ({ parameter: t.float(p), velocity: style.momentum === 0 ? undefined : t.float(v) });
        const [fused, derived] = [make(), make()];
        const gradient = t.float(g);
        for (let step = 0; step < 3; step++) {
          t.kernels.sgd!(fused, { ...fused, gradient }, params);
          derivedSgd(t.backend, derived, { ...derived, gradient }, params);
        }
        const terms = Float64Array.from(p, (value, i) => 3 * (Math.abs(value) + Math.abs(g[i]!) + Math.abs(v[i]!)));
        await agree(t, fused, derived, { parameter: terms, velocity: terms }, "update");
      },
      offered("sgd"),
    ),
  ),
  ...[true, false].map((decoupled) =>
    quick(
      decoupled ? "adamw" : "adam-with-decay",
      async (t) => {
        const random = t.random();
        const options = { length: 330, learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 };
        const [p, g] = [t.generate(330, random.normal), t.generate(330, () => 0.1 + random.uniform())];
        const make = () => ({
          parameter: t.float(p),
          mean: t.float(new Float64Array(330)),
          variance: t.float(new Float64Array(330)),
        });
        const [fused, derived] = [make(), make()];
        const gradient = t.float(g);
        for (let step = 1; step <= 3; step++) {
          const corrections = { correction1: 1 - 0.9 ** step, correction2: 1 - 0.999 ** step };
          const params = { ...options, ...corrections, decoupled, gradientScale: 0.5 };
          t.kernels.adamw!(fused, { ...fused, gradient }, params);
          derivedAdamw(t.backend, derived, { ...derived, gradient }, params);
        }
        const terms = Float64Array.from(p, (value, i) => Math.abs(value) + Math.abs(g[i]!));
        const squares = Float64Array.from(g, (value, i) => 0.003 * (value * value + 0.01 * p[i]! * p[i]!));
        await agree(t, fused, derived, { parameter: terms, mean: terms, variance: squares }, "update");
      },
      offered("adamw"),
    ),
  ),
  ...withoutDecayCases,
];
