/** The loss kernel as two ops, rows and their gradient G = scale·u·∂ℓ/∂z. Whose derivatives they have, their caller says. */
import { allocate, apply, runtimeOf } from "../ops/apply.ts";
import { mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/sum.ts";
import { type InputGradient, record, recordingsOf, type Scaled } from "../recording.ts";
import type { Shape } from "../shape.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import { kernelInputs, kernelParams, type LossOnDevice, type LossPoint, uploadsOf } from "./loss-on-device.ts";

/** The derivatives of a row loss that the kernel does not compute. v is the cotangent of G, g that of the rows. */
export interface LossDerivatives {
  /** ∂⟨ℓ, g⟩/∂q. */
  targetGradient(loss: LossOnDevice, z: Tensor, g: Tensor): Tensor | Scaled;
  /** ∂⟨G, v⟩/∂z. */
  curvature(loss: LossOnDevice, at: LossPoint, u: Tensor | undefined, v: Tensor, scale: number): Tensor | Scaled;
  /** ∂⟨G, v⟩/∂q. */
  targetSlope(loss: LossOnDevice, at: LossPoint, u: Tensor | undefined, v: Tensor, scale: number): Tensor | Scaled;
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
  z: Tensor,
  q: Tensor | undefined,
  wanted: WantedOutputs,
  derivatives: LossDerivatives,
): RowLosses {
  const { problem } = loss;
  const { op, batch } = problem;
  const inputs = q === undefined ? [z] : [z, q];
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
        ...(diagnostics && { diagnostics: diagnostics.storage.handle }),
      },
      kernelInputs(loss, z, q),
      kernelParams(problem, z, 1),
    );
    const shown = wanted.state ? state!.alias(op, region) : undefined;
    record(
      inputs,
      rows,
      (g, [zIn, qIn]) => [
        () => kernelGradient(loss, { z: zIn!, q: qIn, state }, rowFactor(g), scaleFactor(g), derivatives),
        () => derivatives.targetGradient(loss, zIn!, g),
      ],
      state === undefined ? [] : [...uploadsOf(loss), state],
    );
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
  const { z, q, state } = point;
  const { op, axis } = loss.problem;
  const optional = [q, u].filter((tensor) => tensor !== undefined);
  return apply({
    op,
    inputs: [z, ...optional],
    shape: z.shape,
    saved: [...uploadsOf(loss), ...(state ? [state] : [])],
    run: (gradient, _, kernels) =>
      kernels.softmaxCrossEntropy(
        { gradient },
        { ...kernelInputs(loss, z, q), rowScale: u?.handle(op), state: state?.handle(op) },
        kernelParams(loss.problem, z, scale),
      ),
    pullback: (v, [zIn, ...rest]) => {
      const at = { z: zIn!, q: q && rest[0]!, state };
      const uIn = u && rest.at(-1)!;
      const gradients: InputGradient[] = [() => derivatives.curvature(loss, at, uIn, v, scale)];
      if (q !== undefined) gradients.push(() => derivatives.targetSlope(loss, at, uIn, v, scale));
      if (u !== undefined) {
        gradients.push(() => sum(mul(kernelGradient(loss, at, undefined, scale, derivatives), v), axis));
      }
      return gradients;
    },
  });
}
