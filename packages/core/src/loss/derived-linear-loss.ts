/** The loss of a linear layer for backends without that kernel: a product, the loss and two products a chunk of rows. */
import { allocate } from "../ops/apply.ts";
import { add } from "../ops/arithmetic.ts";
import { matmul } from "../ops/matmul.ts";
import { concat } from "../ops/slice.ts";
import { broadcastTo, sum } from "../ops/sum.ts";
import { Region, type Tensor, youngestRegion } from "../tensor.ts";
import {
  type LinearLoss,
  type LinearOutput,
  type LinearOutputs,
  type LinearPoint,
  type RowFactors,
  tensorsAt,
} from "./linear-loss.ts";
import { kernelInputs, kernelParams, type LossOnDevice, onDevice } from "./loss-on-device.ts";
import { chunkProblem, rowChunks, rowsOf } from "./row-chunks.ts";
import { isNative, rowGradient } from "./row-losses.ts";
import { rowParts } from "./row-parts.ts";

/** How many arrays of the size of the logits are alive at a time: the kernel's gradient takes their place, ops make more. */
const ARRAYS = { byKernel: 1, byOps: 12 };

/** One pass, unrecorded; see `linearLossOutputs`. */
export function derivedLinearLoss(
  { problem, transW, maxBytes }: LinearLoss,
  point: LinearPoint,
  { u, scale }: RowFactors,
  wanted: readonly LinearOutput[],
): LinearOutputs {
  const { op, rows, classes } = problem;
  const { runtime } = point.x;
  const target = youngestRegion(u === undefined ? tensorsAt(point) : [...tensorsAt(point), u]);
  const whole = new Region(runtime, target);
  const isWanted = (name: LinearOutput): boolean => wanted.includes(name);
  const needsGradient = isWanted("dx") || isWanted("dw") || isWanted("db");
  const arrays = isNative(problem, point.x) ? ARRAYS.byKernel : ARRAYS.byOps;
  try {
    const pieces: Record<"rowLoss" | "state" | "dx", Tensor[]> = { rowLoss: [], state: [], dx: [] };
    const dw = isWanted("dw") ? allocate(op, runtime, point.w.shape, whole) : undefined;
    let db: Tensor | undefined;
    for (const chunk of rowChunks(rows, arrays * classes * runtime.facts.floatBytes, maxBytes)) {
      const part = new Region(runtime, whole);
      try {
        const cut = (tensor: Tensor): Tensor => rowsOf(op, tensor, chunk, part);
        const here = {
          x: cut(point.x),
          w: point.w.alias(op, part),
          b: point.b?.alias(op, part),
          q: point.q && cut(point.q),
        };
        const loss = onDevice(chunkProblem(problem, chunk), part, (tensor) => tensor);
        const found = lossOf(loss, inOneArray(here, transW), here.q, u && cut(u), scale, needsGradient);
        const { gradient } = found;
        if (isWanted("rowLoss")) pieces.rowLoss.push(movedTo(found.rowLoss, whole));
        if (isWanted("state")) pieces.state.push(movedTo(found.state, whole));
        if (gradient === undefined) continue;
        if (isWanted("dx")) pieces.dx.push(movedTo(matmul(gradient, here.w, { transposeB: !transW }), whole));
        if (dw !== undefined) addProduct(dw, transW ? gradient : here.x, transW ? here.x : gradient, chunk.from > 0);
        if (isWanted("db")) {
          const before = db;
          db = movedTo(before === undefined ? sum(gradient, 0) : add(before, sum(gradient, 0)), whole);
          before?.dispose();
        }
      } finally {
        part.end();
      }
    }
    const outputs: Partial<Record<LinearOutput, Tensor>> = { ...(dw && { dw }), ...(db && { db }) };
    for (const name of ["rowLoss", "state", "dx"] as const) {
      if (isWanted(name)) outputs[name] = pieces[name].length === 1 ? pieces[name][0]! : concat(pieces[name]);
    }
    for (const tensor of Object.values(outputs)) tensor.moveTo(target);
    return outputs;
  } finally {
    whole.end();
  }
}

interface FoundLoss {
  readonly rowLoss: Tensor;
  readonly state: Tensor;
  readonly gradient: Tensor | undefined;
}

/** Losses, states and gradient of logits that nobody else needs: by one kernel call, in their place, or by ops. */
function lossOf(
  loss: LossOnDevice,
  z: Tensor,
  q: Tensor | undefined,
  u: Tensor | undefined,
  scale: number,
  needsGradient: boolean,
): FoundLoss {
  const { problem } = loss;
  const { op, batch } = problem;
  const at = { z, q, temperature: undefined };
  if (!isNative(problem, z)) {
    const { rows, state } = rowParts(problem, at, { state: true });
    const gradient = needsGradient ? rowGradient(loss, { ...at, state }, u, scale) : undefined;
    return { rowLoss: rows, state: state!, gradient };
  }
  const rowLoss = allocate(op, z.runtime, batch, z.region);
  const state = allocate(op, z.runtime, [...batch, 3], z.region);
  z.runtime.kernels.softmaxCrossEntropy(
    {
      rowLoss: rowLoss.storage.handle,
      state: state.storage.handle,
      ...(needsGradient && { gradient: z.storage.handle }),
    },
    kernelInputs(loss, at, u),
    kernelParams(problem, z, scale),
  );
  return { rowLoss, state, gradient: needsGradient ? z : undefined };
}

/** x·W + b without a second array of that size: the product is added to b in every row. */
function inOneArray({ x, w, b }: LinearPoint, transW: boolean): Tensor {
  const [rows, size] = x.shape as [number, number];
  const classes = w.shape[transW ? 0 : 1]!;
  const z =
    b === undefined ? allocate("matmul", x.runtime, [rows, classes], x.region) : broadcastTo(b, [rows, classes]);
  z.uniform = undefined;
  const params = { m: rows, n: classes, k: size, batch: 1, transA: false, transB: transW, accumulate: b !== undefined };
  x.runtime.kernels.gemm({ c: z.storage.handle }, { a: x.handle("matmul"), b: w.handle("matmul") }, params);
  return z;
}

/** C = Aᵀ·B, or C += Aᵀ·B. */
function addProduct(c: Tensor, a: Tensor, b: Tensor, accumulate: boolean): void {
  const [k, m] = a.shape as [number, number];
  const params = { m, n: b.shape[1]!, k, batch: 1, transA: true, transB: false, accumulate };
  c.runtime.kernels.gemm({ c: c.storage.handle }, { a: a.handle("matmul"), b: b.handle("matmul") }, params);
}

function movedTo(tensor: Tensor, region: Region): Tensor {
  tensor.moveTo(region);
  return tensor;
}
