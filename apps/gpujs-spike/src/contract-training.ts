import type { Backend, Kernels } from "@surprisal/core";
import { classes, features, hidden, type Loop, learningRate, minibatch, rows, start } from "./task.ts";

/** The training loop written by hand on the contract: every kernel and handle of a step is to be seen here. */

interface Parameter<H> {
  readonly length: number;
  readonly value: H;
  readonly gradient: H;
  readonly velocity: H;
}

/** v = 0.9·v + g; p = p − rate·v, in place, from the required kernels. */
function update<H>(kernels: Kernels<H>, { length, value, gradient, velocity }: Parameter<H>, rate: number): void {
  const whole = [length, length, 1] as const;
  const sum = { fn: "add" as const, outer: 1, axis: 1, inner: length, aStrides: whole, bStrides: whole };
  kernels.binary({ y: velocity }, { a: velocity, b: gradient }, { ...sum, alpha: 0.9, beta: 1 });
  kernels.binary({ y: value }, { a: value, b: velocity }, { ...sum, alpha: 1, beta: -rate });
}

/** The mean loss of every step. */
export async function trainByContract<H>(backend: Backend<H>, loop: Loop): Promise<number[]> {
  const { kernels: k } = backend;
  let handles = 0;
  const allocate = (length: number, kind: "float" | "i32" = "float"): H => {
    handles += 1;
    return backend.alloc(kind, length);
  };
  const filled = (values: ArrayLike<number>): H => {
    const handle = allocate(values.length);
    backend.write(handle, values);
    return handle;
  };
  const parameter = (values: readonly number[]): Parameter<H> => {
    const zeros = () => filled(new Float32Array(values.length));
    return { length: values.length, value: filled(values), gradient: zeros(), velocity: zeros() };
  };
  const { w1, b1, w2, b2 } = start();
  const params = { w1: parameter(w1), b1: parameter(b1), w2: parameter(w2), b2: parameter(b2) };
  const losses: number[] = [];

  for (let step = 0; step < loop.steps; step++) {
    const own: H[] = [];
    const make = (length: number, kind: "float" | "i32" = "float"): H => {
      const handle = allocate(length, kind);
      own.push(handle);
      return handle;
    };
    const loss = oneStep(k, params, make, (handle, data) => backend.write(handle, data), step);
    for (const one of Object.values(params)) update(k, one, learningRate(step, loop.steps));
    const arrival = backend.read(loss);
    for (const handle of own) backend.free(handle);
    handles -= own.length;
    losses.push((await arrival)[0]! / rows);
    loop.onStep?.(step, handles);
  }
  return losses;
}

type Make<H> = (length: number, kind?: "float" | "i32") => H;

/** Forward and backward pass; the gradients are left in the parameters, and the loss, summed, is returned. */
function oneStep<H>(
  k: Kernels<H>,
  { w1, b1, w2, b2 }: Record<"w1" | "b1" | "w2" | "b2", Parameter<H>>,
  make: Make<H>,
  write: (handle: H, data: ArrayLike<number>) => void,
  step: number,
): H {
  const { data, labels: host } = minibatch(step);
  const [x, labels] = [make(rows * features), make(rows, "i32")];
  write(x, data);
  write(labels, host);

  const plain = { batch: 1, transA: false, transB: false, accumulate: false };
  const overRows = (fn: "add" | "mul", units: number, bias: boolean) => ({
    fn,
    alpha: 1,
    beta: 1,
    outer: 1,
    axis: rows,
    inner: units,
    aStrides: [rows * units, units, 1] as const,
    bStrides: [0, bias ? 0 : units, 1] as const,
  });
  const z1 = make(rows * hidden);
  k.gemm({ c: z1 }, { a: x, b: w1.value }, { ...plain, m: rows, n: hidden, k: features });
  k.binary({ y: z1 }, { a: z1, b: b1.value }, overRows("add", hidden, true));
  const h = make(rows * hidden);
  k.unary({ y: h }, { x: z1 }, { fn: "relu", alpha: 0, beta: 0, length: rows * hidden });
  const z2 = make(rows * classes);
  k.gemm({ c: z2 }, { a: h, b: w2.value }, { ...plain, m: rows, n: classes, k: hidden });
  k.binary({ y: z2 }, { a: z2, b: b2.value }, overRows("add", classes, true));
  const rowLoss = make(rows);
  const lossParams = { rows, classes, inner: 1, smoothing: 0, scale: 1 / rows };
  k.softmaxCrossEntropy({ rowLoss, gradient: z2 }, { logits: z2, labels }, lossParams);
  const loss = make(1);
  k.reduce({ y: loss }, { x: rowLoss }, { fn: "sum", outer: 1, axis: rows, inner: 1 });

  k.gemm({ c: w2.gradient }, { a: h, b: z2 }, { ...plain, transA: true, m: hidden, n: classes, k: rows });
  k.reduce({ y: b2.gradient }, { x: z2 }, { fn: "sum", outer: 1, axis: rows, inner: classes });
  const dh = make(rows * hidden);
  k.gemm({ c: dh }, { a: z2, b: w2.value }, { ...plain, transB: true, m: rows, n: hidden, k: classes });
  k.unary({ y: z1 }, { x: z1 }, { fn: "step", alpha: 0, beta: 0, length: rows * hidden });
  k.binary({ y: dh }, { a: dh, b: z1 }, overRows("mul", hidden, false));
  k.gemm({ c: w1.gradient }, { a: x, b: dh }, { ...plain, transA: true, m: features, n: hidden, k: rows });
  k.reduce({ y: b1.gradient }, { x: dh }, { fn: "sum", outer: 1, axis: rows, inner: hidden });
  return loss;
}
