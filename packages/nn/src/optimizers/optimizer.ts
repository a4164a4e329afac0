import {
  DisposedError,
  type HostTensor,
  type Like,
  OptionError,
  type Parameter,
  rememberWith,
  ShapeError,
  type Tensor,
  tensorsLike,
  tensorsOf,
} from "@surprisal/core";
import { sameShape } from "../layers/same-shape.ts";
import type { StateDict } from "../state/state-dict.ts";

/** Writes parameters in place, from their gradients. */
export interface Optimizer<T extends object> {
  /** May be changed between steps. */
  learningRate: number;
  /** How many updates there were. */
  readonly steps: number;
  /** One step, in place. `gradients` has the structure of the parameters; the caller still owns it. */
  update(gradients: Like<T>): void;
  /**
   * A copy of what the optimizer remembers as it is now, by name: `steps`, `learningRate`, and for each parameter what its
   * formula keeps (`mean.0.w`, `variance.0.w`; `velocity.0.w`). Other hyperparameters are those it is made with.
   */
  stateDict(): Promise<StateDict>;
  /**
   * Goes on from a saved state, bit by bit: with the parameters that were saved then.
   * @throws ValueError, ShapeError or OptionError that names what does not fit; nothing is written then
   */
  loadStateDict(state: Readonly<Record<string, HostTensor>>): void;
  /** Frees what the optimizer remembers; the parameters stay. */
  dispose(): void;
}

/**
 * One gradient of its shape for each parameter, in order, matched by name: all are checked before any parameter is
 * written.
 */
export function gradientsFor(op: string, params: object, gradients: object): Tensor[] {
  const parameters = tensorsOf(op, params);
  const tensors = tensorsLike(op, params, gradients);
  for (const [i, { shape, disposed }] of tensors.entries()) {
    if (disposed) throw new DisposedError(`${op}: gradient ${i} was disposed before the step`);
    const expected = parameters[i]!.shape;
    if (!sameShape(shape, expected)) {
      throw new ShapeError(
        `${op}: gradient ${i} has shape [${shape.join(", ")}], and its parameter [${expected.join(", ")}]`,
      );
    }
  }
  return tensors;
}

/** Lets `device.recovering` put an optimizer back together with its parameters. Returns how to end that. */
export function rememberSteps(
  parameters: readonly Parameter[],
  optimizer: Optimizer<never>,
  putBack: (steps: number) => void,
): () => void {
  const [first] = parameters;
  if (first === undefined) return () => {};
  return rememberWith(first, () => {
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
