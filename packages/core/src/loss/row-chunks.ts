import { slice } from "../ops/slice.ts";
import type { Region, Tensor } from "../tensor.ts";
import type { LossProblem } from "./loss-problem.ts";

/** Rows of a batch that are computed at a time. */
export interface RowChunk {
  readonly from: number;
  readonly count: number;
}

/** Chunks as equal as can be, each of at most so many bytes of logits, or of one row; at least one chunk. */
export function rowChunks(rows: number, rowBytes: number, maxBytes: number): RowChunk[] {
  const most = Math.max(1, Math.floor(maxBytes / rowBytes));
  const count = Math.ceil(rows / Math.max(1, Math.ceil(rows / most)));
  const chunks: RowChunk[] = [];
  for (let from = 0; from < rows; from += count) chunks.push({ from, count: Math.min(count, rows - from) });
  return chunks.length === 0 ? [{ from: 0, count: 0 }] : chunks;
}

/** The loss of a chunk, row by row. */
export function chunkProblem(problem: LossProblem, { from, count }: RowChunk): LossProblem {
  return {
    ...problem,
    batch: [count],
    rows: count,
    marks: undefined,
    labels: problem.labels && Array.prototype.slice.call(problem.labels, from, from + count),
    rowWeights: { host: undefined, device: undefined },
    reduction: "none",
    scale: 1,
  };
}

/** The rows of a chunk as a member of `region`: a copy, or the tensor itself where the chunk is all of it. */
export function rowsOf(op: string, x: Tensor, { from, count }: RowChunk, region: Region): Tensor {
  const member = x.alias(op, region);
  if (count === x.shape[0]) return member;
  const begin = x.shape.map((_, i) => (i === 0 ? from : 0));
  return slice(member, begin, [count, ...x.shape.slice(1)]);
}
