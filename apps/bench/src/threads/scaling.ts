import { cpu } from "@surprisal/backend-cpu";
import { workers } from "@surprisal/backend-workers";
import type { Backend } from "@surprisal/core";
import { type Effort, interleave } from "../interleave.ts";
import { ratios, type Spread, spread } from "../statistics.ts";

/** A piece of work, made ready on a backend. */
export interface Work {
  readonly name: string;
  ready(backend: Backend): () => void;
}

export interface ScalingRow {
  readonly name: string;
  /** Of cpu. */
  readonly microseconds: Spread;
  /** By number of threads: how many times faster than cpu. */
  readonly speedUps: readonly Spread[];
}

const opening = { onError: () => {} };

/** Times works on cpu and on workers of several numbers of threads, in turns. */
export async function scalingRows(
  works: readonly Work[],
  threads: readonly number[],
  effort: Effort,
): Promise<ScalingRow[]> {
  const backends = [cpu().open(opening), ...threads.map((count) => workers({ threads: count }).open(opening))];
  const opened = (await Promise.all(backends)) as Backend[];
  const rows: ScalingRow[] = [];
  for (const { name, ready } of works) {
    const [one, ...many] = await interleave(
      opened.map((backend) => ready(backend)),
      effort,
    );
    rows.push({
      name,
      microseconds: spread(one!.map((time) => time * 1000)),
      speedUps: many.map((times) => ratios(one!, times)),
    });
  }
  await Promise.all(opened.map((backend) => backend.close()));
  return rows;
}

/** The fused loss with its gradient, by labels. */
export function lossWork(rows: number, classes: number): Work {
  return {
    name: `loss and gradient, ${rows} × ${classes}`,
    ready(backend) {
      const [logits, gradient] = [backend.alloc("float", rows * classes), backend.alloc("float", rows * classes)];
      const [labels, rowLoss] = [backend.alloc("i32", rows), backend.alloc("float", rows)];
      backend.write(
        logits,
        Float32Array.from({ length: rows * classes }, (_, i) => ((i * 7919) % 1013) / 100 - 5),
      );
      backend.write(
        labels,
        Int32Array.from({ length: rows }, (_, i) => (i * 31) % classes),
      );
      const params = { rows, classes, inner: 1, smoothing: 0, scale: 1 / rows };
      return () => backend.kernels.softmaxCrossEntropy({ rowLoss, gradient }, { logits, labels }, params);
    },
  };
}

/** The kernels of a step that trains 784-`units`-10 with Adam: what core asks for, without core. */
export function stepWork(batch: number, units: number): Work {
  return {
    name: `training step, 784-${units}-10, batch ${batch}`,
    ready(backend) {
      const { kernels } = backend;
      const floats = (length: number): unknown => {
        const handle = backend.alloc("float", length);
        backend.write(
          handle,
          Float32Array.from({ length }, (_, i) => ((i * 7919) % 1013) / 20_000),
        );
        return handle;
      };
      const layer = (inputs: number, outputs: number) => ({
        parameters: [inputs * outputs, outputs].map((length) => ({
          length,
          parameter: floats(length),
          gradient: floats(length),
          mean: floats(length),
          variance: floats(length),
        })),
        sizes: { rows: batch, inputs, units: outputs },
      });
      const [first, second] = [layer(784, units), layer(units, 10)];
      const [w1, b1] = first.parameters as [Parameters, Parameters];
      const [w2, b2] = second.parameters as [Parameters, Parameters];
      const [x, hidden, active, logits] = [784, units, units, 10].map((length) => floats(batch * length));
      const [dLogits, dActive, slope] = [10, units, units].map((length) => floats(batch * length));
      const labels = backend.alloc("i32", batch);
      backend.write(
        labels,
        Int32Array.from({ length: batch }, (_, i) => i % 10),
      );
      const rowLoss = floats(batch);
      const length = batch * units;
      const same = { outer: 1, axis: 1, inner: length, aStrides: [0, 0, 1], bStrides: [0, 0, 1] } as const;
      const params = { rows: batch, classes: 10, inner: 1, smoothing: 0, scale: 1 / batch };
      const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false };
      return () => {
        kernels.linear!({ y: hidden }, { x, w: w1.parameter, b: b1.parameter }, first.sizes);
        kernels.unary({ y: active }, { x: hidden }, { fn: "relu", alpha: 0, beta: 0, length });
        kernels.linear!({ y: logits }, { x: active, w: w2.parameter, b: b2.parameter }, second.sizes);
        kernels.softmaxCrossEntropy({ rowLoss, gradient: dLogits }, { logits, labels }, params);
        const back2 = { dx: dActive, dw: w2.gradient, db: b2.gradient };
        kernels.linearGradient!(back2, { x: active, w: w2.parameter, g: dLogits }, second.sizes);
        kernels.unary({ y: slope }, { x: hidden }, { fn: "step", alpha: 0, beta: 0, length });
        kernels.binary({ y: slope }, { a: slope, b: dActive }, { fn: "mul", alpha: 1, beta: 1, ...same });
        const back1 = { dw: w1.gradient, db: b1.gradient };
        kernels.linearGradient!(back1, { x, w: w1.parameter, g: slope }, first.sizes);
        for (const { length: count, parameter, gradient, mean, variance } of [w1, b1, w2, b2]) {
          const correction = { correction1: 0.5, correction2: 0.5, gradientScale: 1, length: count };
          const moments = { parameter, mean, variance };
          kernels.adamw!(moments, { ...moments, gradient }, { ...adam, ...correction });
        }
      };
    },
  };
}

interface Parameters {
  readonly length: number;
  readonly parameter: unknown;
  readonly gradient: unknown;
  readonly mean: unknown;
  readonly variance: unknown;
}
