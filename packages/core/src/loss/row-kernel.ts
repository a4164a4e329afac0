/**
 * The loss kernel as ops: rows, their gradient G = scale·u·∂ℓ/∂z, and their slopes ∂ℓ/∂τ. Whose derivatives they have, their
 * caller says.
 */
import { allocate, apply, runtimeOf } from "../ops/apply.ts";
import { mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/sum.ts";
import { type InputGradient, type Pullback, record, recordingsOf, type Scaled } from "../recording.ts";
import type { Shape } from "../shape.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import {
  kernelInputs,
  kernelParams,
  type LossOnDevice,
  type LossPoint,
  type LossTensors,
  pointOf,
  tensorsAt,
  uploadsOf,
} from "./loss-on-device.ts";
import { present } from "./present.ts";

/** The derivatives of a row loss that the kernel does not compute. v is the cotangent of G, g that of the rows or slopes. */
export interface LossDerivatives {
  /** ∂⟨ℓ, g⟩/∂q. */
  targetGradient(loss: LossOnDevice, at: LossTensors, g: Tensor): Tensor | Scaled;
  /** ∂⟨G, v⟩/∂z. */
  curvature(loss: LossOnDevice, at: LossPoint, u: Tensor | undefined, v: Tensor, scale: number): Tensor | Scaled;
  /** ∂⟨G, v⟩/∂q. */
  targetSlope(loss: LossOnDevice, at: LossPoint, u: Tensor | undefined, v: Tensor, scale: number): Tensor | Scaled;
  /** ∂⟨G, v⟩/∂τ, and ∂⟨∂ℓ/∂τ, g⟩ by input i of the point; where there is a temperature on the device. */
  readonly byTemperature?: {
    slope(loss: LossOnDevice, at: LossPoint, u: Tensor | undefined, v: Tensor, scale: number): Tensor;
    ofSlopes(loss: LossOnDevice, at: LossTensors, g: Tensor, i: number): Tensor;
  };
}

/** What a forward pass may give besides the row losses. Neither has a gradient. */
export interface WantedOutputs {
  readonly state?: boolean;
  readonly diagnostics?: boolean;
}

/** One loss a row, of the batch's shape, and what else was asked for: [...batch, 3] each. */
export interface RowLosses {
  readonly rows: Tensor;
  readonly state: Tensor | undefined;
  readonly diagnostics: Tensor | undefined;
}

/** The row losses by one kernel call. While somebody records, the state is kept for the gradient. */
export function kernelRows(
  loss: LossOnDevice,
  at: LossTensors,
  wanted: WantedOutputs,
  derivatives: LossDerivatives,
): RowLosses {
  const { problem } = loss;
  const { op, batch } = problem;
  const inputs = tensorsAt(at);
  const runtime = runtimeOf(op, inputs);
  const region = youngestRegion(inputs);
  const made: Tensor[] = [];
  const output = (isWanted: boolean | undefined, shape: Shape): Tensor | undefined => {
    if (!isWanted) return undefined;
    const tensor = allocate(op, runtime, shape, region);
    made.push(tensor);
    return tensor;
  };
  try {
    const isRecorded = recordingsOf(inputs).length > 0;
    const rows = output(true, batch)!;
    const state = output(isRecorded || wanted.state, [...batch, 3]);
    const diagnostics = output(wanted.diagnostics, [...batch, 3]);
    runtime.kernels.softmaxCrossEntropy(
      {
        rowLoss: rows.storage.handle,
        state: state?.storage.handle,
        diagnostics: diagnostics?.storage.handle,
      },
      kernelInputs(loss, at),
      kernelParams(problem, at.z, 1),
    );
    const shown = wanted.state ? state!.alias(op, region) : undefined;
    if (isRecorded) {
      const pullback: Pullback = (g, own) => {
        const point = { ...pointOf(own, at), state };
        return present<InputGradient>([
          () => kernelGradient(loss, point, rowFactor(g), scaleFactor(g), derivatives),
          at.q && (() => derivatives.targetGradient(loss, point, g)),
          at.temperature && (() => sum(mul(g, kernelSlopes(loss, point, derivatives)))),
        ]);
      };
      record(inputs, rows, pullback, [...uploadsOf(loss), state!], true);
    }
    state?.dispose();
    return { rows, state: shown, diagnostics };
  } catch (error) {
    for (const tensor of made) if (!tensor.disposed) tensor.dispose();
    throw error;
  }
}

/** A cotangent that is one number known on the host costs no pass over the rows. */
function rowFactor(g: Tensor): Tensor | undefined {
  return g.uniform === undefined ? g : undefined;
}

function scaleFactor(g: Tensor): number {
  return g.uniform ?? 1;
}

/** G = scale·u·∂ℓ/∂z by one kernel call, recorded with its derivatives; `u` has one number a row, 1 if absent. */
export function kernelGradient(
  loss: LossOnDevice,
  point: LossPoint,
  u: Tensor | undefined,
  scale: number,
  derivatives: LossDerivatives,
): Tensor {
  const { op, axis } = loss.problem;
  const { z, q, temperature, state } = point;
  const inputs = tensorsAt(point);
  return apply({
    op,
    inputs: u === undefined ? inputs : [...inputs, u],
    shape: z.shape,
    saved: [...uploadsOf(loss), ...(state ? [state] : [])],
    run: (gradient, _, kernels) =>
      kernels.softmaxCrossEntropy(
        { gradient },
        kernelInputs(loss, point, u, state),
        kernelParams(loss.problem, z, scale),
      ),
    pullback: (v, own) => {
      const at = pointOf(own, point);
      const uIn = u && own.at(-1)!;
      return present<InputGradient>([
        () => derivatives.curvature(loss, at, uIn, v, scale),
        q && (() => derivatives.targetSlope(loss, at, uIn, v, scale)),
        temperature && (() => derivatives.byTemperature!.slope(loss, at, uIn, v, scale)),
        u && (() => sum(mul(kernelGradient(loss, at, undefined, scale, derivatives), v), axis)),
      ]);
    },
  });
}

/** ∂ℓ/∂τ of every row by one kernel call, of the batch's shape, recorded with its derivatives. */
function kernelSlopes(loss: LossOnDevice, point: LossTensors, derivatives: LossDerivatives): Tensor {
  const { op, batch } = loss.problem;
  return apply({
    op,
    inputs: tensorsAt(point),
    shape: batch,
    saved: uploadsOf(loss),
    run: (temperatureSlope, _, kernels) =>
      kernels.softmaxCrossEntropy(
        { temperatureSlope },
        kernelInputs(loss, point),
        kernelParams(loss.problem, point.z, 1),
      ),
    pullback: (g, own) => own.map((_, i) => () => derivatives.byTemperature!.ofSlopes(loss, pointOf(own, point), g, i)),
  });
}
