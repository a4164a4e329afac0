import { compensatedSum } from "./compensated-sum.ts";
import type { LossProblem, RowReference } from "./loss-row.ts";

/** (rank, entropy, margin), each with the size of its terms. */
export function rowDiagnostics(
  problem: LossProblem,
  r: number,
  row: RowReference,
): readonly (readonly [number, number])[] {
  const { labels, probabilities, logits } = problem;
  const { positions, below, ignored, complement } = row;
  if (ignored) return [[-1, 1] as const, [0, 0] as const, [0, 0] as const];
  if (below.length === 0) return [0, 1, 2].map(() => [Number.NaN, 0] as const);
  const q = positions.map((position) => probabilities?.[position] ?? 0);
  const y = labels && !probabilities ? labels[r]! : q.indexOf(q.reduce((a, b) => Math.max(a, b)));
  const z = positions.map((position) => logits[position]!);
  const rank = z.filter((value, j) => value > z[y]! || (value === z[y] && j < y)).length;
  const entropy = compensatedSum();
  entropy.add(Math.log1p(complement));
  for (const [j, p] of row.probabilities.entries()) if (p > 0) entropy.addProduct(p, below[j]!);
  const nearest = below.reduce((a, b, j) => (j === y ? a : Math.min(a, b)), Number.POSITIVE_INFINITY);
  const margin = nearest - below[y]!;
  const size = Math.max(0, ...[nearest, below[y]!, Math.abs(row.maximum)].filter(Number.isFinite));
  return [[rank, rank] as const, [entropy.value(), entropy.value()] as const, [margin, size] as const];
}
