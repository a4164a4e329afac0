/** The row losses of a linear layer, and their gradients by its tensors, as ops. Both compute the logits chunk by chunk. */
import { type InputGradient, record, recordingsOf } from "../recording.ts";
import type { Tensor } from "../tensor.ts";
import { type ChunkedFunction, chunkedGradients, gradientFunction } from "./chunked-gradients.ts";
import { type LinearLoss, type LinearOutput, type LinearPoint, logitsOf, pointOf, tensorsAt } from "./linear-loss.ts";
import { linearLossOutputs } from "./linear-loss-outputs.ts";
import { chunkProblem, rowChunks } from "./row-chunks.ts";
import { rowLosses } from "./row-losses.ts";

/** ℓ of every row, [rows]. While somebody records, the states are kept for the gradient. */
export function linearRows(loss: LinearLoss, point: LinearPoint): Tensor {
  const inputs = tensorsAt(point);
  const isRecorded = recordingsOf(inputs).length > 0;
  const { rowLoss, state } = linearLossOutputs(
    loss,
    point,
    { scale: 1 },
    isRecorded ? ["rowLoss", "state"] : ["rowLoss"],
  );
  const rows = record(
    inputs,
    rowLoss!,
    (g, own, _, wanted) => gradientsOfRows(loss, pointOf(own, point), state!, g, wanted),
    state === undefined ? [] : [state],
    true,
  );
  state?.dispose();
  return rows;
}

/** The gradients of Σ g_i·ℓ_i by x, w, b and q, as far as they are wanted; the first three by one pass. */
function gradientsOfRows(
  loss: LinearLoss,
  point: LinearPoint,
  state: Tensor,
  g: Tensor,
  wanted: readonly boolean[],
): (InputGradient | undefined)[] {
  const inputs = tensorsAt(point);
  const names = outputNames(point);
  const isUniform = g.uniform !== undefined;
  const factors = { u: isUniform ? undefined : g, scale: g.uniform ?? 1, state };
  const outputs = linearLossOutputs(
    loss,
    point,
    factors,
    names.filter((name, i) => name !== undefined && wanted[i]) as LinearOutput[],
  );
  return names.map((name, i) => {
    if (name === undefined) return () => targetGradientOf(loss, point, g);
    const output = outputs[name];
    if (output === undefined) return undefined;
    const recorded = record([...inputs, g], output, (v, own, _, next) => {
      const found = chunkedGradients(gradientFunction(rowFunction(loss, point), i), own, v, next);
      return found.map((tensor) => tensor && (() => tensor));
    });
    return () => recorded;
  });
}

/** ∂⟨ℓ, g⟩/∂q. */
export function targetGradientOf(loss: LinearLoss, point: LinearPoint, g: Tensor): Tensor {
  const inputs = tensorsAt(point);
  const wanted = inputs.map((_, i) => i === inputs.length - 1);
  return chunkedGradients(rowFunction(loss, point), inputs, g, wanted).at(-1)!;
}

/** dX, dW and db, and undefined for q, at the places of {@link tensorsAt}. */
export function outputNames({ b, q }: LinearPoint): (LinearOutput | undefined)[] {
  return ["dx", "dw", ...(b ? (["db"] as const) : []), ...(q ? [undefined] : [])];
}

/** How many arrays of the size of the logits the derivatives of ops hold at a time. */
const ARRAYS = 12;

/** The row losses as a function that any derivative can be taken of, chunk by chunk. */
function rowFunction({ problem, transW, maxBytes }: LinearLoss, point: LinearPoint): ChunkedFunction {
  const { op, rows, classes } = problem;
  return {
    op,
    chunks: rowChunks(rows, ARRAYS * classes * point.x.runtime.facts.floatBytes, maxBytes),
    cut: [true, false, ...(point.b ? [false] : []), ...(point.q ? [true] : [])],
    cutsResult: true,
    of(tensors, chunk) {
      const here = pointOf(tensors, point);
      const at = { z: logitsOf(here, transW), q: here.q, temperature: undefined };
      return rowLosses(chunkProblem(problem, chunk), at);
    },
  };
}
