import { type Product, productPhases } from "./matrix-product.ts";
import type { KernelTable, Located, Phase, Scratch } from "./phase.ts";
import { fill } from "./select.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

type Fusion = NonNullable<KernelTable["linearCrossEntropy"]>;
type Call = Parameters<Fusion>;

/** What the chunks of rows share: where their logits lie, and ones, whose product with G is ∂b. */
interface Room {
  readonly logits: Located;
  readonly ones: Located;
  readonly scratch: Scratch;
}

/**
 * Chunk by chunk of rows: the logits, the loss with its gradient in their place, and what that adds to dX, dW and db. The
 * chunks are as equal as can be, so what is added in which order depends on the sizes and `maxBytes` alone.
 */
export const linearCrossEntropy: Fusion = (...call) => {
  const [{ db }, , { rows, classes, maxBytes }, scratch] = call;
  const most = Math.max(1, Math.floor(maxBytes / (4 * classes)));
  const count = Math.ceil(rows / Math.max(1, Math.ceil(rows / most)));
  const logits = { address: scratch(4 * count * classes) };
  const ones = { address: db ? scratch(4 * count) : 0 };
  const shared = largestScratch((measure) => chunkPhases(call, 0, count, { logits, ones, scratch: measure }));
  const panels = shared > 0 ? scratch(shared) : 0;
  const room = { logits, ones, scratch: () => panels };

  const phases: Phase[] = db ? [...fill({ y: ones }, {}, { value: 1, length: count }, scratch)] : [];
  let from = 0;
  do {
    phases.push(...chunkPhases(call, from, Math.min(count, rows - from), room));
    from += count;
  } while (from < rows);
  return phases;
};

/** The most bytes that a plan asks for at once: its products run one after the other and can share them. */
function largestScratch(plan: (scratch: Scratch) => void): number {
  let largest = 0;
  plan((bytes) => {
    largest = Math.max(largest, bytes);
    return 0;
  });
  return largest;
}

/** The phases of `count` rows from row `from` on. The first chunk writes dW and db, the others add to them. */
function chunkPhases(
  [outputs, inputs, params, , threads = 1]: Call,
  from: number,
  count: number,
  room: Room,
): readonly Phase[] {
  const { classes, inputs: size, transW } = params;
  const { w, b } = inputs;
  const { logits, ones, scratch } = room;
  // Where their old values stand is nothing to the sums over chunks.
  const [dw, db] = [rowsFrom(outputs.dw, 0), rowsFrom(outputs.db, 0)];
  const x = rowsFrom(inputs.x, from * size);
  const dx = rowsFrom(outputs.dx, from * size);
  const once = { batch: 1, transA: false, transB: false, accumulate: false };
  const phases: Phase[] = [];
  const multiply = (product: Omit<Product, "batch">): void => {
    phases.push(...productPhases({ ...product, batch: 1 }, scratch, threads));
  };

  multiply({ ...once, c: logits, a: x, b: w, bias: b, m: count, n: classes, k: size, transB: transW });
  phases.push(
    ...softmaxCrossEntropy(
      {
        rowLoss: rowsFrom(outputs.rowLoss, from),
        state: rowsFrom(outputs.state, 3 * from),
        gradient: dx || dw || db ? logits : undefined,
      },
      {
        logits,
        labels: rowsFrom(inputs.labels, from),
        probabilities: rowsFrom(inputs.probabilities, from * classes),
        classWeights: inputs.classWeights,
        rowScale: rowsFrom(inputs.rowScale, from),
        state: rowsFrom(inputs.state, 3 * from),
      },
      { ...params, rows: count },
      scratch,
    ),
  );
  if (dx) multiply({ ...once, c: dx, a: logits, b: w, m: count, n: size, k: classes, transB: !transW });
  const added = { transA: true, transB: false, accumulate: from > 0, k: count };
  if (dw && transW) multiply({ ...added, c: dw, a: logits, b: x, m: classes, n: size });
  else if (dw) multiply({ ...added, c: dw, a: x, b: logits, m: size, n: classes });
  if (db) multiply({ ...added, transA: false, c: db, a: ones, b: logits, m: 1, n: classes });
  return phases;
}

/** What lies behind the first elements of a tensor, where there is one. */
function rowsFrom(tensor: Located, elements: number): Located;
function rowsFrom(tensor: Located | undefined, elements: number): Located | undefined;
function rowsFrom(tensor: Located | undefined, elements: number): Located | undefined {
  return tensor && { address: tensor.address + 4 * elements };
}
