import { here, kernel } from "../source.ts";
import { rowArrays, rowTerms } from "./row-terms.ts";
import { isOneHot, type LossStructure, numbers } from "./structure.ts";

/** ℓ = Σ T_j·(m − z′_j) + S·log1p(s′), or r^γ·(ℓ + ε₁·w_y·r) under focal and poly, and λ·lse². */
export function rowLossSource(structure: LossStructure): string {
  const oneHot = "let loss = 0; if (total !== 0) loss = total * distance + total * rest;";
  const soft = `const loss = sums[${here} * 2 + 1] + total * rest;`;
  const base = isOneHot(structure) ? oneHot : soft;
  const weighted = structure.focalOrPoly ? "power * (loss + poly * total * missing)" : "loss";
  const squared = structure.zLoss ? " + zLoss * (m + rest) * (m + rest)" : "";
  return kernel(
    [...rowArrays(structure), "classes", ...numbers],
    `${rowTerms(structure, here, "0", "nan")} ${base} return ${weighted}${squared};`,
  );
}
