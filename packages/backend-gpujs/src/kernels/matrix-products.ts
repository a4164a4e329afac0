import type { Fusions, GemmParams, LinearParams, RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Launch, Queue } from "../queue.ts";
import { fold } from "./reduce.ts";
import { at, divide, here, kernel } from "./source.ts";
import { sum } from "./sum.ts";

type Products = Pick<RequiredKernels<Cell>, "gemm"> & Pick<Fusions<Cell>, "linear" | "linearGradient">;

/** One element of op(A)·op(B), plus what `added` is: nothing, the element before (`c`), or the bias of its column. */
function productSource({ m, n, k, batch, transA, transB }: GemmParams, added?: "c" | "bias"): string {
  const first = divide("item", here, batch * m * n, m * n);
  const { prepare, quotient: row, remainder: column } = divide("row", first.remainder, m * n, n);
  const aItem = batch === 1 ? "" : `${first.quotient} * ${m * k} + `;
  const bItem = batch === 1 ? "" : `${first.quotient} * ${k * n} + `;
  const product = (j: string) => {
    const a = transA ? at(j, m, row) : at(row, k, j);
    const b = transB ? at(column, k, j) : at(j, n, column);
    return { value: `a[${aItem}${a}] * b[${bItem}${b}]` };
  };
  const result = added === undefined ? "total" : added === "c" ? `c[${here}] + total` : `total + bias[${column}]`;
  return kernel(
    added === undefined ? ["a", "b"] : ["a", "b", added],
    `${first.prepare} ${prepare} ${sum("total", k, product)} return ${result};`,
  );
}

/** C = op(A)·op(B), or with `added` C plus that cell. */
function product(c: Cell, a: Cell, b: Cell, params: GemmParams, added?: Cell): Launch {
  return {
    output: c,
    source: productSource(params, params.accumulate ? "c" : added && "bias"),
    inputs: added ? [a, b, added] : [a, b],
  };
}

const plain = { batch: 1, transA: false, transB: false, accumulate: false };

export const matrixProducts = (queue: Queue): Products => ({
  gemm({ c }, { a, b }, params) {
    if (c.length === 0 || (params.k === 0 && params.accumulate)) return;
    const inputs = params.accumulate ? [a, b, c] : [a, b];
    queue.call({
      outputs: [c],
      inputs,
      launches: [product(c, a, b, params, params.accumulate ? c : undefined)],
    });
  },
  linear({ y }, { x, w, b }, { rows, inputs, units }: LinearParams) {
    if (y.length === 0) return;
    const params = { ...plain, m: rows, k: inputs, n: units };
    queue.call({ outputs: [y], inputs: b ? [x, w, b] : [x, w], launches: [product(y, x, w, params, b)] });
  },
  linearGradient({ dx, dw, db }, { x, w, g }, { rows, inputs, units }) {
    const launches: Launch[] = [];
    const temporaries: Cell[] = [];
    if (dx && dx.length > 0) launches.push(product(dx, g, w, { ...plain, m: rows, k: units, n: inputs, transB: true }));
    if (dw && dw.length > 0) launches.push(product(dw, x, g, { ...plain, m: inputs, k: rows, n: units, transA: true }));
    if (db && db.length > 0) {
      const columns = fold(db, g, { fn: "sum", outer: 1, axis: rows, inner: units });
      launches.push(...columns.launches);
      temporaries.push(...columns.temporaries);
    }
    const outputs = [dx, dw, db].filter((cell) => cell !== undefined);
    queue.call({ outputs, inputs: [x, w, g], launches, temporaries });
  },
});
