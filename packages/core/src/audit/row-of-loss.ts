import type { Backend, LossTerms, SoftmaxCrossEntropyParams } from "../backend.ts";

/** All that the loss of one row depends on, on the host. */
export interface RowOfLoss {
  readonly row: number;
  readonly logits: ArrayLike<number>;
  /** −1 for an ignored row; undefined for one with probabilities. */
  readonly label: number | undefined;
  /** Undefined for an ignored row. */
  readonly probabilities: ArrayLike<number> | undefined;
  readonly classWeights: ArrayLike<number> | undefined;
  readonly rowScale: number | undefined;
  readonly smoothing: number;
  readonly scale: number;
  readonly terms: LossTerms | undefined;
}

/** Where a row's classes lie in a handle. */
export interface Place {
  readonly offset: number;
  readonly stride: number;
}

interface LossInputs {
  readonly labels?: unknown;
  readonly probabilities?: unknown;
  readonly classWeights?: unknown;
  readonly rowScale?: unknown;
  readonly temperature?: unknown;
}

/** `length` numbers of a handle as they are at this place of the queue. */
export function copiedRow(
  backend: Backend,
  x: unknown,
  length: number,
  { offset, stride }: Place,
): Promise<ArrayLike<number>> {
  const y = backend.alloc("float", length);
  const params = { dims: [length], strides: [stride], offset, from: [0], to: [length] };
  backend.kernels.rearrange({ y }, { x }, params);
  const read = backend.read(y);
  backend.free(y);
  return read;
}

/** Enqueues the reads of all that the loss of a row depends on besides its logits. */
export async function rowOfLoss(
  backend: Backend,
  logits: Promise<ArrayLike<number>>,
  {
    row,
    place,
    inputs,
    params: { classes, smoothing, scale, terms },
  }: { row: number; place: Place; inputs: LossInputs; params: SoftmaxCrossEntropyParams },
): Promise<RowOfLoss> {
  const { labels, probabilities, classWeights, rowScale, temperature } = inputs;
  const reads = [
    logits,
    labels === undefined ? undefined : backend.read(labels),
    probabilities === undefined ? undefined : copiedRow(backend, probabilities, classes, place),
    classWeights === undefined ? undefined : backend.read(classWeights),
    rowScale === undefined ? undefined : copiedRow(backend, rowScale, 1, { offset: row, stride: 1 }),
    temperature === undefined ? undefined : backend.read(temperature),
  ] as const;
  const [z, y, q, w, u, tau] = await Promise.all(reads);
  // Beside probabilities, labels say no more than which rows are ignored.
  const isIgnored = y?.[row] === -1;
  return {
    row,
    logits: z,
    label: q === undefined || isIgnored ? y?.[row] : undefined,
    probabilities: isIgnored ? undefined : q,
    classWeights: w,
    rowScale: u?.[0],
    smoothing,
    scale,
    terms: terms && tau ? { ...terms, inverseTemperature: 1 / tau[0]! } : terms,
  };
}
