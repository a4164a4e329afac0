import { type Like, OptionError, type Parameter, type Tensor, tensorsOf, ValueError } from "@surprisal/core";

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

/** One gradient for each parameter, in order. */
export function gradientsFor(op: string, parameters: readonly Parameter[], gradients: object): Tensor[] {
  const tensors = tensorsOf(op, gradients);
  if (tensors.length !== parameters.length) {
    throw new ValueError(
      `${op}: ${tensors.length} gradients for ${parameters.length} parameters; pass what valueAndGrad gave`,
    );
  }
  return tensors;
}

/** Checks that hyperparameters are numbers within their range. */
export function checkRange(op: string, name: string, value: number, low: number, below: number): void {
  if (typeof value === "number" && value >= low && value < below) return;
  throw new OptionError(`${op}: ${name} is a number from ${low} to below ${below}, not ${String(value)}`);
}
