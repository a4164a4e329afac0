import { cpu } from "@surprisal/backend-cpu";
import { workers } from "@surprisal/backend-workers";
import type { Backend } from "@surprisal/core";
import { Piscina } from "piscina";
import { Tinypool } from "tinypool";
import { type Effort, interleave } from "../interleave.ts";
import { type Spread, spread } from "../statistics.ts";

/** What it costs to have work done by threads, beyond the work. */
export interface DispatchRow {
  readonly name: string;
  readonly threads: number;
  readonly microseconds: Spread;
}

const opening = { onError: () => {} };

/** Elements of a block of `exp`, some 2 µs of work. */
const BLOCK = 4096;

/** A call of a kernel with `blocks` blocks: of nothing (one number each), or of some work. */
function callOn(backend: Backend, blocks: number, kind: "nothing" | "work"): () => void {
  if (kind === "nothing") {
    const [table, indices, y] = [
      backend.alloc("float", 1),
      backend.alloc("i32", blocks),
      backend.alloc("float", blocks),
    ];
    backend.write(table, [1]);
    backend.write(indices, new Int32Array(blocks));
    const sizes = { rows: blocks, cols: 1, tableRows: 1 };
    return () => backend.kernels.gatherRows({ y }, { table, indices }, sizes);
  }
  const length = blocks * BLOCK;
  const [x, y] = [backend.alloc("float", length), backend.alloc("float", length)];
  backend.write(x, new Float32Array(length));
  const params = { fn: "exp", alpha: 1, beta: 0, length } as const;
  return () => backend.kernels.unary({ y }, { x }, params);
}

/** Jobs of one chunk for each thread, on workers that are awake. */
export async function dispatchRows(effort: Effort): Promise<DispatchRow[]> {
  const rows: DispatchRow[] = [];
  const one = (await cpu().open(opening)) as Backend;
  for (const threads of [2, 3, 4]) {
    const testing = { chunking: ({ blocks }: { readonly blocks: number }) => Math.ceil(blocks / threads) };
    const many = (await workers({ threads, testing }).open(opening)) as Backend;
    const runs = [callOn(many, threads, "nothing"), callOn(many, threads, "work"), callOn(one, 1, "work")];
    const [empty, shared, alone] = await interleave(runs, effort);
    const extra = shared!.map((time, round) => time - alone![round]!);
    const add = (name: string, milliseconds: readonly number[]) =>
      rows.push({ name, threads, microseconds: spread(milliseconds.map((time) => time * 1000)) });
    add("workers, chunks of nothing", empty!);
    add("workers, chunks of work, less one on cpu", extra);
    await many.close();
  }
  await one.close();
  return rows;
}

const task = new URL("task.ts", import.meta.url).href;

/** The same with pools of workers that get messages. */
export async function messageRows(effort: Effort): Promise<DispatchRow[]> {
  const rows: DispatchRow[] = [];
  for (const threads of [2, 4]) {
    const size = { filename: task, minThreads: threads, maxThreads: threads };
    const pools = [
      { name: "piscina", pool: new Piscina(size) },
      { name: "tinypool", pool: new Tinypool(size) },
    ];
    const runs = pools.map(({ pool }) => async () => {
      await Promise.all(Array.from({ length: threads }, () => pool.run(0)));
    });
    const times = await interleave(runs, effort);
    for (const [i, { name, pool }] of pools.entries()) {
      rows.push({ name: `${name}, a task each`, threads, microseconds: spread(times[i]!.map((time) => time * 1000)) });
      await pool.destroy();
    }
  }
  return rows;
}
