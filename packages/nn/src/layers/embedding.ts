import {
  checkKeys,
  gather,
  type HostTensor,
  mul,
  OptionError,
  reshape,
  scatterAdd,
  type Tensor,
} from "@surprisal/core";
import { checkCount } from "./dense.ts";
import { flatBags, hasShape, type Indices } from "./indices.ts";
import { type Initialiser, type InitialiserName, normal } from "./initialisers.ts";
import type { Context, Layer } from "./layer.ts";

export interface EmbeddingOptions {
  /** Default N(0, 1), PyTorch's; Keras has `"uniform"`. */
  readonly initialiser?: InitialiserName | Initialiser;
}

/**
 * Rows of a learnt table [vocabulary, dimensions] by index: y[i…, ·] = table[indices[i…], ·] (`torch.nn.Embedding`,
 * `keras.layers.Embedding`). It takes {@link Indices}, host data, so it stands first in a model.
 * @throws LabelError for an index outside the vocabulary, before any kernel runs
 */
export function embedding(vocabulary: number, dimensions: number, options: EmbeddingOptions = {}): Layer<Indices> {
  const table = embeddingTable("embedding", vocabulary, dimensions, options, ["initialiser"]);
  return {
    name: "embedding",
    input: "indices",
    inputShape: [1],
    apply(indices, context) {
      if (!hasShape(indices)) return gather(table(context), indices);
      const rows = gather(table(context), indices.data as Float64Array);
      return reshape(rows, [...indices.shape, dimensions]);
    },
  };
}

export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** `"mean"` (default) or `"sum"` of a bag's rows; an empty bag is 0 (PyTorch). */
  readonly mode?: "mean" | "sum";
}

/** Bags of indices, one for each row, of any lengths; or a rectangle of them. */
export type Bags = readonly ArrayLike<number>[] | HostTensor;

/**
 * The mean or sum of a table's rows over each bag of indices: y[r, ·] = Σ table[i, ·] over the i of bag r
 * (`torch.nn.EmbeddingBag`). A lookup and a segment sum.
 *
 * ```js
 * sequential([embeddingBag(20_000, 32), dense(2)]); // fed with [[3, 17, 5], [8]]: words of two sentences
 * ```
 */
export function embeddingBag(vocabulary: number, dimensions: number, options: EmbeddingBagOptions = {}): Layer<Bags> {
  const table = embeddingTable("embeddingBag", vocabulary, dimensions, options, ["initialiser", "mode"]);
  const { mode = "mean" } = options;
  if (mode !== "mean" && mode !== "sum") {
    throw new OptionError(`embeddingBag: mode is "mean" or "sum", not ${JSON.stringify(mode)}`);
  }
  return {
    name: "embeddingBag",
    input: "indices",
    inputShape: [1],
    apply(bags, context) {
      const { rows, indices, rowOf } = flatBags("embeddingBag", bags);
      const sums = scatterAdd(gather(table(context), indices), rowOf, rows);
      if (mode === "sum") return sums;
      const lengths = new Float64Array(rows);
      for (const row of rowOf) lengths[row]!++;
      return mul(
        sums,
        context.constant(
          lengths.map((length) => 1 / Math.max(length, 1)),
          [rows, 1],
        ),
      );
    },
  };
}

function embeddingTable(
  op: string,
  vocabulary: number,
  dimensions: number,
  options: EmbeddingOptions,
  known: readonly string[],
): (context: Context) => Tensor {
  checkKeys(op, options, known);
  checkCount(op, "vocabulary", vocabulary);
  checkCount(op, "dimensions", dimensions);
  const { initialiser = normal(0, 1) } = options;
  return (context) => context.parameter("table", [vocabulary, dimensions], initialiser);
}
