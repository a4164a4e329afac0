/**
 * A backend under audit. Now and then a row of a loss that it computes is computed again by a reference: the row's logits,
 * target and weights are copied before the kernel runs (the gradient may overwrite them), its loss and gradient behind it.
 */
import type { Backend, Kernels } from "../backend.ts";
import { AuditError, messageOf } from "../errors.ts";
import { eachKernel } from "../guarded-kernels.ts";
import { within } from "../opening/patience.ts";
import { auditFault } from "./audit-fault.ts";
import { type ReferenceRow, referenceRow } from "./reference-row.ts";
import { copiedRow, type RowOfLoss, rowOfLoss } from "./row-of-loss.ts";

/** How often to audit, and by what. */
export interface Audit {
  /** One in so many calls of the loss. */
  readonly every: number;
  readonly reference: Backend;
  /** Milliseconds that closing waits for audits that have not ended. */
  readonly deadline: number;
  /** Told what is wrong, once the device was found to be. */
  readonly onFault: (error: AuditError) => void;
  /** Told that an audit could not be made. */
  readonly onError: (error: Error) => void;
}

type LossKernel = Kernels["softmaxCrossEntropy"];
type LinearLossKernel = NonNullable<Kernels["linearCrossEntropy"]>;

/** The backend with its losses audited. Closing it closes the reference too. */
export function audited(backend: Backend, audit: Audit): Backend {
  let losses = 0;
  const open = new Set<Promise<void>>();
  let fault: AuditError | undefined;
  const isDue = (rows: number): boolean => rows > 0 && ++losses % audit.every === 0;
  const kernels = eachKernel(backend.kernels, (_, kernel) => kernel);
  const { softmaxCrossEntropy, linearCrossEntropy } = kernels;

  /** Compares once all is there. A read that fails is told to whoever reads what it failed for. */
  const judge = (asked: Promise<RowOfLoss>, answer: AskedAnswer, slack: number): void => {
    const judging = judgement(backend, audit, asked, answer, slack)
      .then((error) => {
        if (error === undefined || fault !== undefined) return;
        fault = error;
        audit.onFault(error);
      })
      .catch(() => {})
      .finally(() => open.delete(judging));
    open.add(judging);
  };

  const loss: LossKernel = (outputs, inputs, params) => {
    const { rowLoss, gradient } = outputs;
    if ((rowLoss === undefined && gradient === undefined) || !isDue(params.rows)) {
      softmaxCrossEntropy(outputs, inputs, params);
      return;
    }
    const { classes, inner } = params;
    const row = rowOfAudit(losses, params.rows);
    const place = { offset: Math.floor(row / inner) * classes * inner + (row % inner), stride: inner };
    const asked = rowOfLoss(backend, copiedRow(backend, inputs.logits, classes, place), { row, place, inputs, params });
    asked.catch(() => {});
    softmaxCrossEntropy(outputs, inputs, params);
    const answer: AskedAnswer = {
      loss: rowLoss === undefined ? undefined : copiedRow(backend, rowLoss, 1, { offset: row, stride: 1 }),
      gradient: gradient === undefined ? undefined : copiedRow(backend, gradient, classes, place),
    };
    judge(asked, answer, 1);
  };

  const linearLoss: LinearLossKernel = (outputs, inputs, params) => {
    if (outputs.rowLoss === undefined || !isDue(params.rows)) {
      linearCrossEntropy!(outputs, inputs, params);
      return;
    }
    const { classes } = params;
    const row = rowOfAudit(losses, params.rows);
    const place = { offset: row * classes, stride: 1 };
    const logits = linearLogits(backend, row, inputs, params);
    const asked = rowOfLoss(backend, logits, { row, place, inputs, params });
    asked.catch(() => {});
    linearCrossEntropy!(outputs, inputs, params);
    const answer = { loss: copiedRow(backend, outputs.rowLoss, 1, { offset: row, stride: 1 }), gradient: undefined };
    // The logits of the row come from another product of matrices, whose sum may run in another order.
    judge(asked, answer, 10);
  };

  return {
    facts: backend.facts,
    kernels: { ...kernels, softmaxCrossEntropy: loss, ...(linearCrossEntropy && { linearCrossEntropy: linearLoss }) },
    alloc: (kind, length) => backend.alloc(kind, length),
    free: (handle) => backend.free(handle),
    write: (handle, data) => backend.write(handle, data),
    read: (handle) => backend.read(handle),
    ...(backend.memory && { memory: () => backend.memory!() }),
    async close() {
      // What a lost device never answers is not waited for.
      await within({ deadline: audit.deadline, signal: undefined }, "audit", () => Promise.all(open)).catch(() => {});
      const closing = [async () => backend.close(), async () => audit.reference.close()];
      const ends = await Promise.allSettled(closing.map((close) => close()));
      if (fault !== undefined) throw fault;
      for (const end of ends) if (end.status === "rejected") throw end.reason;
    },
  };
}

/** Which row: another one each time. */
function rowOfAudit(losses: number, rows: number): number {
  return (losses * 7919) % rows;
}

/** What a device gave for a row, once it is read. */
interface AskedAnswer {
  readonly loss: Promise<ArrayLike<number>> | undefined;
  readonly gradient: Promise<ArrayLike<number>> | undefined;
}

/** The error of a row that the reference computes otherwise. */
async function judgement(
  { facts }: Backend,
  { reference, onError }: Audit,
  asked: Promise<RowOfLoss>,
  answer: AskedAnswer,
  slack: number,
): Promise<AuditError | undefined> {
  const [row, loss, gradient] = await Promise.all([asked, answer.loss, answer.gradient]);
  let expected: ReferenceRow;
  try {
    expected = await referenceRow(reference, row);
  } catch (cause) {
    onError(new AuditError(`audit: the reference ${reference.facts.name} failed: ${messageOf(cause)}`));
    return undefined;
  }
  const fault = auditFault(facts, row, expected, { loss: loss?.[0], gradient }, slack);
  if (fault === undefined) return undefined;
  return new AuditError(
    `audit: ${facts.name} computes wrong: in row ${row.row} of a batch, ${fault}; do not use it on this machine`,
  );
}

/** x·W + b for one row, by the backend's own product. */
function linearLogits(
  backend: Backend,
  row: number,
  { x, w, b }: Parameters<LinearLossKernel>[1],
  { inputs: k, classes: n, transW: transB }: Parameters<LinearLossKernel>[2],
): Promise<ArrayLike<number>> {
  const { kernels } = backend;
  const [left, logits] = [backend.alloc("float", k), backend.alloc("float", n)];
  const copy = { offset: 0, from: [0] };
  kernels.rearrange({ y: left }, { x }, { ...copy, dims: [k], strides: [1], offset: row * k, to: [k] });
  if (b === undefined) kernels.fill({ y: logits }, {}, { value: 0, length: n });
  else kernels.rearrange({ y: logits }, { x: b }, { ...copy, dims: [n], strides: [1], to: [n] });
  const sizes = { m: 1, n, k, batch: 1, transA: false, transB, accumulate: true };
  kernels.gemm({ c: logits }, { a: left, b: w }, sizes);
  const read = backend.read(logits);
  for (const handle of [left, logits]) backend.free(handle);
  return read;
}
