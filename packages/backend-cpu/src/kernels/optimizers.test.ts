import { compare, float32, randomNumbers, tolerance } from "@surprisal/conformance";
import { expect, it } from "vitest";
import { describeVariants, lab } from "../../testing/kernel-lab.ts";
import { adamw, sgd } from "./optimizers.ts";

const lengths = [0, 1, 3, 4, 6, 4097, 9001];

describeVariants("optimizers", (variant) => {
  const agrees = (result: Float32Array, values: Float64Array, terms: Float64Array, name: string): void =>
    expect(compare(result, { values, terms }, tolerance("f32", "update"), float32, name).fault).toBeUndefined();

  it("sgd is the contract's formula in float64, for any length and order of blocks", async () => {
    const wasm = await lab(variant);
    for (const length of lengths) {
      for (const style of ["plain", "momentum", "nesterov"]) {
        const random = randomNumbers(length);
        const numbers = () => Float32Array.from({ length }, random.normal);
        const [p, g, v] = [numbers(), numbers(), numbers()];
        const params = { learningRate: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01, gradientScale: 0.7 };
        const make = () => ({
          parameter: wasm.floats(p),
          gradient: wasm.floats(g),
          velocity: style === "plain" ? undefined : wasm.floats(v),
        });
        const [one, other] = [make(), make()];
        const all = { ...params, length, nesterov: style === "nesterov" };
        wasm.run(sgd, one, one, all);
        wasm.run(sgd, other, other, all, "one by one, reversed");
        const parameter = wasm.read(one.parameter);
        expect(wasm.read(other.parameter)).toEqual(parameter);
        const direction = Float64Array.from(p, (value, i) => 0.7 * g[i]! + 0.01 * value);
        const velocity = direction.map((d, i) => (style === "plain" ? d : 0.9 * v[i]! + (1 - 0.3) * d));
        const step = velocity.map((value, i) => (style === "nesterov" ? direction[i]! + 0.9 * value : value));
        const terms = Float64Array.from(p, (value, i) => Math.abs(value) + Math.abs(g[i]!) + Math.abs(v[i]!));
        agrees(
          parameter,
          step.map((value, i) => p[i]! - 0.1 * value),
          terms,
          "parameter",
        );
        if (!one.velocity || !other.velocity) continue;
        expect(wasm.read(other.velocity)).toEqual(wasm.read(one.velocity));
        agrees(wasm.read(one.velocity), velocity, terms, "velocity");
      }
    }
  });

  it("adamw is the contract's formula in float64, for any length and order of blocks", async () => {
    const wasm = await lab(variant);
    for (const length of lengths) {
      for (const decoupled of [true, false]) {
        const random = randomNumbers(length);
        const numbers = () => Float32Array.from({ length }, random.normal);
        const [p, g, m, v] = [numbers(), numbers(), numbers(), numbers().map(Math.abs)];
        const make = () => ({
          parameter: wasm.floats(p),
          gradient: wasm.floats(g),
          mean: wasm.floats(m),
          variance: wasm.floats(v),
        });
        const [one, other] = [make(), make()];
        const params = { length, learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 };
        const all = {
          ...params,
          decoupled,
          correction1: 1 - 0.9 ** 3,
          correction2: 1 - 0.999 ** 3,
          gradientScale: 0.5,
        };
        wasm.run(adamw, one, one, all);
        wasm.run(adamw, other, other, all, "one by one, reversed");
        for (const name of ["parameter", "mean", "variance"] as const) {
          expect(wasm.read(other[name])).toEqual(wasm.read(one[name]));
        }
        const gradient = Float64Array.from(g, (value, i) => 0.5 * value + (decoupled ? 0 : 0.1 * p[i]!));
        const mean = gradient.map((value, i) => 0.9 * m[i]! + (1 - 0.9) * value);
        const variance = gradient.map((value, i) => 0.999 * v[i]! + (1 - 0.999) * value * value);
        const parameter = mean.map((value, i) => {
          const root = Math.sqrt(variance[i]!) / Math.sqrt(all.correction2) + 1e-8;
          return p[i]! * (decoupled ? 1 - 0.01 * 0.1 : 1) - ((0.01 / all.correction1) * value) / root;
        });
        const terms = mean.map((value, i) => Math.abs(m[i]!) + Math.abs(p[i]!) + Math.abs(value));
        agrees(wasm.read(one.mean), mean, terms, "mean");
        agrees(wasm.read(one.variance), variance, variance, "variance");
        agrees(wasm.read(one.parameter), parameter, terms, "parameter");
      }
    }
  });

  it("what optimizers remember is no subnormal number, and stays NaN", async () => {
    const wasm = await lab(variant);
    const smallest = 2 ** -126;
    const kept = [smallest / 0.9, -1, Number.POSITIVE_INFINITY, Number.NaN];
    const old = Float32Array.of(smallest, -smallest, 2 ** -149, ...kept);
    const zeros = new Float32Array(old.length);
    const gradient = wasm.floats(zeros);
    const velocity = wasm.floats(old);
    const common = { length: old.length, learningRate: 0.1, weightDecay: 0, gradientScale: 1 };
    const expected = Float32Array.of(0, 0, 0, ...kept.map((value) => Math.fround(0.9) * value));
    wasm.run(
      sgd,
      { parameter: wasm.floats(zeros), velocity },
      { parameter: wasm.floats(zeros), gradient, velocity },
      { ...common, momentum: 0.9, dampening: 0, nesterov: false },
    );
    expect(wasm.read(velocity)).toEqual(expected);
    const [mean, variance] = [wasm.floats(old), wasm.floats(old.map(Math.abs))];
    const betas = { beta1: 0.9, beta2: 0.9, correction1: 1, correction2: 1, epsilon: 1e-8, decoupled: false };
    wasm.run(
      adamw,
      { parameter: wasm.floats(zeros), mean, variance },
      { parameter: wasm.floats(zeros), gradient, mean, variance },
      { ...common, ...betas },
    );
    expect(wasm.read(mean)).toEqual(expected);
    expect(wasm.read(variance)).toEqual(expected.map(Math.abs));
  });
});
