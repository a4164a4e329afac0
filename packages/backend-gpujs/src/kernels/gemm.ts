import type { GemmParams, RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { kernel, split, sum } from "./source.ts";

function gemmSource({ m, n, k, transA, transB, accumulate }: GemmParams): string {
  const a = transA ? `a[aStart + j * ${m} + row]` : `a[aStart + row * ${k} + j]`;
  const b = transB ? `b[bStart + col * ${k} + j]` : `b[bStart + j * ${n} + col]`;
  return kernel(
    accumulate ? ["a", "b", "c"] : ["a", "b"],
    `${split("i", m * n, "batch", "rest")} ${split("rest", n, "row", "col")}
    const aStart = batch * ${m * k}; const bStart = batch * ${k * n};
    ${sum("total", k, (j) => `${a.replaceAll(/\bj\b/g, j)} * ${b.replaceAll(/\bj\b/g, j)}`)}
    return ${accumulate ? "c[i] + total" : "total"};`,
  );
}

export const gemm = (queue: Queue): Pick<RequiredKernels<Cell>, "gemm"> => ({
  gemm({ c }, { a, b }, params) {
    const read = params.accumulate ? [a, b, c] : [a, b];
    if (params.k > 0) {
      queue.call({ outputs: [c], inputs: read, launches: [{ output: c, source: gemmSource(params), inputs: read }] });
    } else if (!params.accumulate) {
      queue.call({
        outputs: [c],
        inputs: read,
        launches: [{ output: c, source: kernel([], "return 0;"), inputs: [] }],
      });
    }
  },
});
