import type { AdamParams, Backend, BinaryFunction, Fusions, SgdParams, Strides3 } from "@surprisal/core";

type Memory<H> = Pick<Backend<H>, "kernels" | "alloc" | "free">;

interface ArrayArithmetic<H> {
  /** y = α·a + β·b. */
  add(y: H, a: H, alpha: number, b: H, beta: number): void;
  multiply(y: H, a: H, b: H): void;
  divide(y: H, a: H, b: H): void;
  /** y = α·x + β; β is 0 if absent. */
  scale(y: H, x: H, alpha: number, beta?: number): void;
  root(y: H, x: H): void;
}

/** Whole arrays of one length, combined by the required kernels. */
function arrays<H>({ kernels }: Memory<H>, length: number): ArrayArithmetic<H> {
  const strides: Strides3 = [0, 0, 1];
  const combine = (fn: BinaryFunction, y: H, a: H, b: H, alpha = 1, beta = 1): void =>
    kernels.binary(
      { y },
      { a, b },
      { fn, alpha, beta, outer: 1, axis: 1, inner: length, aStrides: strides, bStrides: strides },
    );
  return {
    add: (y: H, a: H, alpha: number, b: H, beta: number): void => combine("add", y, a, b, alpha, beta),
    multiply: (y: H, a: H, b: H): void => combine("mul", y, a, b),
    divide: (y: H, a: H, b: H): void => combine("div", y, a, b),
    scale: (y: H, x: H, alpha: number, beta = 0): void =>
      kernels.unary({ y }, { x }, { fn: "affine", alpha, beta, length }),
    root: (y: H, x: H): void => kernels.unary({ y }, { x }, { fn: "pow", alpha: 0.5, beta: 0, length }),
  };
}

/** `sgd` from `binary` and `unary`. */
export function derivedSgd<H>(
  memory: Memory<H>,
  _outputs: Parameters<Fusions<H>["sgd"]>[0],
  { parameter, gradient, velocity }: Parameters<Fusions<H>["sgd"]>[1],
  { length, learningRate, momentum, dampening, nesterov, weightDecay, gradientScale }: SgdParams,
): void {
  const { add, scale } = arrays(memory, length);
  const direction = memory.alloc("float", length);
  if (weightDecay === 0) scale(direction, gradient, gradientScale);
  else add(direction, gradient, gradientScale, parameter, weightDecay);
  if (velocity !== undefined) {
    add(velocity, velocity, momentum, direction, 1 - dampening);
    if (nesterov) add(direction, direction, 1, velocity, momentum);
  }
  add(parameter, parameter, 1, velocity === undefined || nesterov ? direction : velocity, -learningRate);
  memory.free(direction);
}

/** `adamw` from `binary` and `unary`. */
export function derivedAdamw<H>(
  memory: Memory<H>,
  _outputs: Parameters<Fusions<H>["adamw"]>[0],
  { parameter, gradient, mean, variance }: Parameters<Fusions<H>["adamw"]>[1],
  params: AdamParams,
): void {
  const { length, learningRate, beta1, beta2, epsilon, weightDecay, decoupled, correction1, correction2 } = params;
  const { add, multiply, divide, scale, root } = arrays(memory, length);
  const [g, square] = [memory.alloc("float", length), memory.alloc("float", length)];
  if (decoupled || weightDecay === 0) scale(g, gradient, params.gradientScale);
  else add(g, gradient, params.gradientScale, parameter, weightDecay);
  if (decoupled) scale(parameter, parameter, 1 - learningRate * weightDecay);
  add(mean, mean, beta1, g, 1 - beta1);
  multiply(square, g, g);
  add(variance, variance, beta2, square, 1 - beta2);
  root(square, variance);
  scale(square, square, 1 / Math.sqrt(correction2), epsilon);
  divide(g, mean, square);
  add(parameter, parameter, 1, g, -learningRate / correction1);
  memory.free(g);
  memory.free(square);
}
