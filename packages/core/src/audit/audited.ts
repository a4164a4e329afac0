/**
 * A backend under audit. Now and then a row of a loss that it computes is computed again by a reference: the row's logits,
 * target and weights are copied before the kernel runs (the gradient may overwrite them), what it gave for the row behind it.
 */
import type { Backend, Kernels } from "../backend.ts";
import { AuditError, messageOf } from "../errors.ts";
import { eachKernel } from "../guarded-kernels.ts";
import { within } from "../opening/patience.ts";
import { auditFault } from "./audit-fault.ts";
import { referenceRow } from "./reference-row.ts";
import { answerOfRow, arrived, checkedOutputs, type RowAnswer } from "./row-answer.ts";
import { type InputSlopes, inputSlopes, linearLogits } from "./row-of-linear-loss.ts";
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
  const isDue = (rows: number): boolean => rows > 0 && isAudited(losses++, audit.every);
  const kernels = eachKernel(backend.kernels, (_, kernel) => kernel);
  const { softmaxCrossEntropy, linearCrossEntropy } = kernels;

  /** Compares once all is there. A read that fails is told to whoever reads what it failed for. */
  const judge = (asked: AskedRow): void => {
    const judging = judgement(backend, audit, asked)
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
    const { rows, classes, inner } = params;
    if (!isDue(rows)) {
      softmaxCrossEntropy(outputs, inputs, params);
      return;
    }
    const row = rowOfAudit(losses, rows);
    const place = { offset: Math.floor(row / inner) * classes * inner + (row % inner), stride: inner };
    const logits = copiedRow(backend, inputs.logits, classes, place);
    const given = rowOfLoss(backend, logits, { row, place, inputs, params });
    given.catch(() => {});
    softmaxCrossEntropy(outputs, inputs, params);
    judge({ given, answer: answerOfRow(backend, outputs, { row, classes, place }), isHead: false });
  };

  const linearLoss: LinearLossKernel = (outputs, inputs, params) => {
    const { rowLoss, state, dx } = outputs;
    if ((rowLoss ?? state ?? dx) === undefined || !isDue(params.rows)) {
      linearCrossEntropy!(outputs, inputs, params);
      return;
    }
    const { rows, classes } = params;
    const row = rowOfAudit(losses, rows);
    const place = { offset: row * classes, stride: 1 };
    const given = rowOfLoss(backend, linearLogits(backend, row, inputs, params), { row, place, inputs, params });
    given.catch(() => {});
    const slopesOf = dx === undefined ? undefined : inputSlopes(backend, row, inputs, params);
    linearCrossEntropy!(outputs, inputs, params);
    judge({
      given,
      answer: answerOfRow(backend, { rowLoss, state }, { row, classes, place }),
      inputSlopes: slopesOf?.(dx),
      isHead: true,
    });
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

/** One call of each `every`, and not always the same of them: the calls of a program come in cycles. */
function isAudited(call: number, every: number): boolean {
  const golden = (Math.imul(Math.floor(call / every) + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
  return call % every === Math.floor(golden * every);
}

/** Which row: another one each time. */
function rowOfAudit(losses: number, rows: number): number {
  return (losses * 7919) % rows;
}

/** A row, and what a device gave for it, once they are read. */
interface AskedRow {
  readonly given: Promise<RowOfLoss>;
  readonly answer: RowAnswer<Promise<ArrayLike<number>>>;
  readonly inputSlopes?: Promise<InputSlopes> | undefined;
  readonly isHead: boolean;
}

/** The error of a row that the reference computes otherwise. */
async function judgement(
  { facts }: Backend,
  { reference, onError }: Audit,
  asked: AskedRow,
): Promise<AuditError | undefined> {
  const [row, answer, slopes] = await Promise.all([asked.given, arrived(asked.answer), asked.inputSlopes]);
  const wanted = checkedOutputs({ ...answer, gradient: answer.gradient ?? slopes });
  let expected: RowAnswer;
  try {
    expected = await referenceRow(reference, row, wanted);
  } catch (cause) {
    onError(new AuditError(`audit: the reference ${reference.facts.name} failed: ${messageOf(cause)}`));
    return undefined;
  }
  const fault = auditFault(facts, row, expected, { answer, inputSlopes: slopes, isHead: asked.isHead });
  if (fault === undefined) return undefined;
  return new AuditError(
    `audit: ${facts.name} computes wrong: in row ${row.row} of a batch, ${fault}; do not use it on this machine`,
  );
}
