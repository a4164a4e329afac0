import {
  type Like,
  OptionError,
  type Parameter,
  rememberWith,
  ShapeError,
  type Tensor,
  tensorsLike,
  tensorsOf,
  ValueError,
} from "@surprisal/core";

/** Writes parameters in place, from their gradients. */
export interface Optimizer<T extends object> {
  /** May be changed between steps. */
  learningRate: number;
  /** How many updates there were. */
  readonly steps: number;
  /** One step, in place. `gradients` has the structure of the parameters; the caller still owns it. */
  update(gradients: Like<T>): void;
  /** Frees what the optimizer remembers; the parameters stay. */
  dispose(): void;
}

/** The parameters of a structure, after checking that they can be written. */
export function parametersOf(op: string, params: object): Parameter[] {
  return tensorsOf(op, params).map((tensor) => {
    if (!tensor.mutable) {
      throw new ValueError(`${op}: ${String(tensor)} cannot be trained: make it with device.parameter(values)`);
    }
    return tensor as Parameter;
  });
}

/**
 * One gradient of its shape for each parameter, in order, matched by name: all are checked before any parameter is
 * written.
 */
export function gradientsFor(op: string, params: object, gradients: object): Tensor[] {
  const parameters = tensorsOf(op, params);
  const tensors = tensorsLike(op, params, gradients);
  for (const [i, { shape }] of tensors.entries()) {
    const expected = parameters[i]!.shape;
    if (shape.join() !== expected.join()) {
      throw new ShapeError(
        `${op}: gradient ${i} has shape [${shape.join(", ")}], and its parameter [${expected.join(", ")}]`,
      );
    }
  }
  return tensors;
}

/** Lets `device.recovering` put an optimizer back together with its parameters. */
export function rememberSteps(
  parameters: readonly Parameter[],
  optimizer: Optimizer<never>,
  putBack: (steps: number) => void,
): void {
  const [first] = parameters;
  if (first === undefined) return;
  rememberWith(first, () => {
    const { steps, learningRate } = optimizer;
    return () => {
      putBack(steps);
      optimizer.learningRate = learningRate;
    };
  });
}

/** Checks that hyperparameters are numbers within their range. */
export function checkRange(op: string, name: string, value: number, low: number, below: number): void {
  if (typeof value === "number" && value >= low && value < below) return;
  throw new OptionError(`${op}: ${name} is a number from ${low} to below ${below}, not ${String(value)}`);
}
