import { productPhases, ROW_COLS } from "./matrix-product.ts";
import { grainFor, type KernelTable, type Phase } from "./phase.ts";

const once = { batch: 1, transA: false, transB: false, accumulate: false };

export const linear: NonNullable<KernelTable["linear"]> = ({ y }, { x, w, b }, { rows, inputs, units }, scratch) =>
  productPhases({ ...once, c: y, a: x, b: w, bias: b, m: rows, n: units, k: inputs }, scratch);

export const linearGradient: NonNullable<KernelTable["linearGradient"]> = (
  { dx, dw, db },
  { x, w, g },
  params,
  scratch,
) => {
  const { rows, inputs, units } = params;
  const phases: Phase[] = [];
  if (dx) {
    phases.push(...productPhases({ ...once, c: dx, a: g, b: w, m: rows, n: inputs, k: units, transB: true }, scratch));
  }
  if (dw) {
    phases.push(...productPhases({ ...once, c: dw, a: x, b: g, m: inputs, n: units, k: rows, transA: true }, scratch));
  }
  if (db) {
    phases.push({
      run: "sumOfRows",
      args: [db.address, g.address, rows, units],
      blocks: Math.ceil(units / ROW_COLS),
      grain: grainFor(rows * Math.min(units, ROW_COLS)),
    });
  }
  return phases;
};
