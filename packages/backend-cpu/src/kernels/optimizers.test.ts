import { compare, float32, randomNumbers, tolerance } from "@surprisal/conformance";
import { describe, expect, it } from "vitest";
import { kernelRunner, type TestTensor, variants } from "../../testing/kernel-runner.ts";

const lengths = [0, 1, 3, 4, 6, 4097, 9001];

describe.each(variants)("optimizers, $variant", ({ variant, refusal }) => {
  const agrees = (tensor: TestTensor, values: Float64Array, terms: Float64Array, name: string): void =>
    expect(compare(tensor.data, { values, terms }, tolerance("f32", "update"), float32, name).fault).toBeUndefined();

  it.skipIf(refusal)("sgd is the contract's formula in float64, for any length and order of blocks", async () => {
    const kernels = await kernelRunner(variant, 2);
    for (const length of lengths) {
      for (const style of ["plain", "momentum", "nesterov"]) {
        kernels.reset();
        const random = randomNumbers(length);
        const numbers = () => Float32Array.from({ length }, random.normal);
        const [p, g, v] = [numbers(), numbers(), numbers()];
        const params = { learningRate: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01, gradientScale: 0.7 };
        const make = () => ({
          parameter: kernels.tensor(p),
          gradient: kernels.tensor(g),
          velocity: style === "plain" ? undefined : kernels.tensor(v),
        });
        const [one, other] = [make(), make()];
        const all = { ...params, length, nesterov: style === "nesterov" };
        kernels.run("sgd", one, one, all);
        kernels.run("sgd", other, other, all, "backwards, one by one");
        expect(other.parameter.data).toEqual(one.parameter.data);
        expect(other.velocity?.data).toEqual(one.velocity?.data);
        kernels.checkGuards();
        const direction = Float64Array.from(p, (value, i) => 0.7 * g[i]! + 0.01 * value);
        const velocity = direction.map((d, i) => (style === "plain" ? d : 0.9 * v[i]! + (1 - 0.3) * d));
        const step = velocity.map((value, i) => (style === "nesterov" ? direction[i]! + 0.9 * value : value));
        const terms = Float64Array.from(p, (value, i) => Math.abs(value) + Math.abs(g[i]!) + Math.abs(v[i]!));
        agrees(
          one.parameter,
          step.map((value, i) => p[i]! - 0.1 * value),
          terms,
          "parameter",
        );
        if (one.velocity) agrees(one.velocity, velocity, terms, "velocity");
      }
    }
  });

  it.skipIf(refusal)("adamw is the contract's formula in float64, for any length and order of blocks", async () => {
    const kernels = await kernelRunner(variant, 2);
    for (const length of lengths) {
      for (const decoupled of [true, false]) {
        kernels.reset();
        const random = randomNumbers(length);
        const numbers = () => Float32Array.from({ length }, random.normal);
        const [p, g, m, v] = [numbers(), numbers(), numbers(), numbers().map(Math.abs)];
        const make = () => ({
          parameter: kernels.tensor(p),
          gradient: kernels.tensor(g),
          mean: kernels.tensor(m),
          variance: kernels.tensor(v),
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
        kernels.run("adamw", one, one, all);
        kernels.run("adamw", other, other, all, "backwards, one by one");
        for (const name of ["parameter", "mean", "variance"] as const) expect(other[name].data).toEqual(one[name].data);
        kernels.checkGuards();
        const gradient = Float64Array.from(g, (value, i) => 0.5 * value + (decoupled ? 0 : 0.1 * p[i]!));
        const mean = gradient.map((value, i) => 0.9 * m[i]! + (1 - 0.9) * value);
        const variance = gradient.map((value, i) => 0.999 * v[i]! + (1 - 0.999) * value * value);
        const parameter = mean.map((value, i) => {
          const root = Math.sqrt(variance[i]!) / Math.sqrt(all.correction2) + 1e-8;
          return p[i]! * (decoupled ? 1 - 0.01 * 0.1 : 1) - ((0.01 / all.correction1) * value) / root;
        });
        const terms = mean.map((value, i) => Math.abs(m[i]!) + Math.abs(p[i]!) + Math.abs(value));
        agrees(one.mean, mean, terms, "mean");
        agrees(one.variance, variance, variance, "variance");
        agrees(one.parameter, parameter, terms, "parameter");
      }
    }
  });
});
