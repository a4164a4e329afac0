import { productPhases, rowCols } from "./matrix-product.ts";
import { grainFor, type KernelTable, type Phase } from "./phase.ts";

const once = { batch: 1, transA: false, transB: false, accumulate: false };

export const linear: NonNullable<KernelTable["linear"]> = (
  { y },
  { x, w, b },
  { rows, inputs, units },
  scratch,
  threads = 1,
) => productPhases({ ...once, c: y, a: x, b: w, bias: b, m: rows, n: units, k: inputs }, scratch, threads);

export const linearGradient: NonNullable<KernelTable["linearGradient"]> = (
  { dx, dw, db },
  { x, w, g },
  params,
  scratch,
  threads = 1,
) => {
  const { rows, inputs, units } = params;
  const phases: Phase[] = [];
  if (dx) {
    phases.push(
      ...productPhases({ ...once, c: dx, a: g, b: w, m: rows, n: inputs, k: units, transB: true }, scratch, threads),
    );
  }
  if (dw) {
    phases.push(
      ...productPhases({ ...once, c: dw, a: x, b: g, m: inputs, n: units, k: rows, transA: true }, scratch, threads),
    );
  }
  if (db) {
    const group = rowCols(units, threads);
    phases.push({
      run: "sumOfRows",
      args: [db.address, g.address, rows, units, group],
      blocks: Math.ceil(units / group),
      grain: grainFor(rows * Math.min(units, group)),
    });
  }
  return phases;
};
