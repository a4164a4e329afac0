import type { Fusions, GemmParams, LinearParams, RequiredKernels } from "@surprisal/core";
import type { Launch } from "../call.ts";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { fold } from "./reduce.ts";
import { at, divide, here, kernel, requireCount, undivided } from "./source.ts";
import { sum, upTo } from "./sum.ts";

type Products = Pick<RequiredKernels<Cell>, "gemm"> & Pick<Fusions<Cell>, "linear" | "linearGradient">;

/** What is added to the product: nothing, what c held before, or the bias of its column. */
type Added = "c" | "bias" | undefined;

/** One element of op(A)·op(B) a thread: gpu.js has no memory that threads share, and so no tiles. */
function productSource({ batch, transA, transB }: GemmParams, added: Added): string {
  const item = batch === 1 ? undivided(here) : divide("item", here, "m * n");
  const { prepare, quotient: row, remainder: column } = divide("row", item.remainder, "n");
  const product = (j: string) => {
    const a = transA ? at(j, "m", row) : at(row, "k", j);
    const b = transB ? at(column, "k", j) : at(j, "n", column);
    return { value: `a[${at(item.quotient, "m * k", a)}] * b[${at(item.quotient, "k * n", b)}]` };
  };
  const result = { none: "total", c: `c[${here}] + total`, bias: `total + bias[${column}]` }[added ?? "none"];
  return kernel(
    ["a", "b", ...(added ? [added] : []), "m", "n", "k"],
    `${item.prepare} ${prepare} ${sum("total", upTo("k"), product)} return ${result};`,
  );
}

/** C = op(A)·op(B), or with `added` C plus that cell. */
function product(c: Cell, a: Cell, b: Cell, params: GemmParams, added?: Cell): Launch {
  const { m, n, k, batch } = params;
  requireCount("gemm", "rows", m);
  requireCount("gemm", "products", batch);
  return {
    output: c,
    source: productSource(params, params.accumulate ? "c" : added && "bias"),
    inputs: added ? [a, b, added] : [a, b],
    sizes: [m, n, k],
  };
}

const plain = { batch: 1, transA: false, transB: false, accumulate: false };

export const matrixProducts = (queue: Queue): Products => ({
  gemm({ c }, { a, b }, params) {
    if (c.length === 0 || (params.k === 0 && params.accumulate)) return;
    const added = params.accumulate ? c : undefined;
    const launches = [product(c, a, b, params, added)];
    queue.call({ outputs: [c], inputs: added ? [a, b, added] : [a, b], launches });
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
