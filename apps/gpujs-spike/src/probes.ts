import { type GpuJsBackend, gpujs } from "./backend.ts";
import type { Cell } from "./cell.ts";
import { type DeviceArray, gpuJs, type Mode } from "./gpu-js.ts";
import { live } from "./live-objects.ts";
import { normals } from "./random.ts";

/** One question about a clause of the contract: what was seen, and whether the contract holds. */
export interface Probe {
  readonly clause: string;
  readonly seen: string;
  /** Absent where the probe only informs. */
  readonly holds?: boolean;
}

type Ask = (backend: GpuJsBackend, mode: Mode) => Promise<Omit<Probe, "clause">>;

const written = (backend: GpuJsBackend, values: readonly number[]): Cell => {
  const cell = backend.alloc("float", values.length);
  backend.write(cell, values);
  return cell;
};
const outcome = (promise: Promise<ArrayLike<number>>): Promise<string> =>
  promise.then(
    (values) => `[${Array.from(values).slice(0, 6).join(", ")}]`,
    (error: Error) => `rejects: ${error.message.slice(0, 90)}`,
  );

const readKeepsItsPlace: Ask = async (backend) => {
  const cell = written(backend, [1, 2]);
  const first = backend.read(cell);
  backend.write(cell, [3, 4]);
  const second = backend.read(cell);
  backend.free(cell);
  const seen = `${await outcome(first)} then ${await outcome(second)}`;
  return { seen, holds: seen === "[1, 2] then [3, 4]" };
};

const writeCopies: Ask = async (backend) => {
  const data = [1, 2];
  const cell = written(backend, data);
  data[0] = 9;
  const seen = await outcome(backend.read(cell));
  return { seen, holds: seen === "[1, 2]" };
};

const failurePoisons: Ask = async (backend) => {
  const [good, huge] = [written(backend, [1, 2]), backend.alloc("float", 2 ** 29)];
  const after = backend.alloc("float", 2);
  backend.kernels.fill({ y: huge }, {}, { value: 1, length: 2 ** 29 });
  backend.kernels.gatherRows({ y: after }, { table: huge, indices: good }, { rows: 2, cols: 1, tableRows: 2 ** 29 });
  const seen = `${await outcome(backend.read(after))}; other reads: ${await outcome(backend.read(good))}`;
  return { seen, holds: seen.startsWith("rejects") && seen.endsWith("[1, 2]") };
};

const freshHandle: Ask = async (backend) => ({ seen: await outcome(backend.read(backend.alloc("float", 2))) });

const emptyHandle: Ask = async (backend) => {
  const [empty, y] = [written(backend, []), backend.alloc("float", 2)];
  backend.kernels.gemm(
    { c: y },
    { a: empty, b: empty },
    { m: 1, n: 2, k: 0, batch: 1, transA: false, transB: false, accumulate: false },
  );
  const seen = `${await outcome(backend.read(empty))} and k = 0 ${await outcome(backend.read(y))}`;
  return { seen, holds: seen === "[] and k = 0 [0, 0]" };
};

const hostNumbers: Ask = async (backend) => {
  const cell = backend.alloc("float", 2);
  backend.kernels.fill({ y: cell }, {}, { value: 0, length: 2 });
  await backend.read(cell);
  const before = live.pipelines;
  const values = [0.1, 1e-30, 3e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const got: number[] = [];
  for (const value of values) {
    backend.kernels.fill({ y: cell }, {}, { value, length: 2 });
    got.push((await backend.read(cell))[0]!);
  }
  const right = values.every((value, i) => Object.is(Math.fround(value), got[i]));
  return {
    seen: `${got.join(", ")}; ${live.pipelines - before} more shaders`,
    holds: right && live.pipelines === before,
  };
};

const nan: Ask = async (backend) => {
  const x = written(backend, [Number.NaN, 1]);
  const answers: string[] = [];
  for (const fn of ["affine", "relu", "exp", "log", "clamp"] as const) {
    const y = backend.alloc("float", 2);
    backend.kernels.unary({ y }, { x }, { fn, alpha: 1, beta: fn === "clamp" ? 2 : 0, length: 2 });
    answers.push(`${fn} ${(await backend.read(y))[0]}`);
  }
  const y = backend.alloc("float", 1);
  backend.kernels.reduce({ y }, { x }, { fn: "max", outer: 1, axis: 2, inner: 1 });
  answers.push(`max ${(await backend.read(y))[0]}`);
  return { seen: answers.join(", ") };
};

const lossOfBadRows: Ask = async (backend) => {
  const [big, gone] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const logits = written(backend, [1, Number.NaN, Number.NaN, 1, big, 1, gone, gone, 1, 2]);
  const labels = written(backend, [0, 0, 1, 0, 1]);
  const [rowLoss, gradient] = [backend.alloc("float", 5), backend.alloc("float", 10)];
  const params = { rows: 5, classes: 2, inner: 1, smoothing: 0, scale: 1 };
  backend.kernels.softmaxCrossEntropy({ rowLoss, gradient }, { logits, labels }, params);
  const label = [0, 2, 5, 6, 9].map(async (at) => (await backend.read(gradient))[at]);
  return {
    seen: `[1, NaN], [NaN, 1], +∞, all −∞, good: ${await outcome(backend.read(rowLoss))}, label gradients ${await Promise.all(label)}`,
  };
};

/** Σ of equal numbers in one float32 run of `block` after another, against the backend's blocks of √length. */
const blockedSum: Ask = async (backend) => {
  const answers: string[] = [];
  for (const [length, value] of [
    [4096, 0.1],
    [4096, 0.7],
    [65536, 0.1],
  ] as const) {
    const truth = length * Math.fround(value);
    const input = written(
      backend,
      Array.from({ length }, () => value),
    );
    const total = backend.alloc("float", 1);
    backend.kernels.reduce({ y: total }, { x: input }, { fn: "sum", outer: 1, axis: length, inner: 1 });
    const tree = Math.abs((await backend.read(total))[0]! / truth - 1);
    const parts = length / 4096;
    const source =
      "function (x) { let t = 0; for (let j = 0; j < 4096; j++) { t = t + x[this.thread.x * 4096 + j]; } return t; }";
    const blocks = backend.alloc("float", parts);
    blocks.value = (await backend.programs.resident(source, parts)(input.value!)) as Cell["value"];
    const sums = await backend.read(blocks);
    const run = Math.abs(Array.from(sums).reduce((a, b) => a + b, 0) / truth - 1);
    answers.push(
      `${length} × ${value}: ${tree.toExponential(1)} in blocks of √n, ${run.toExponential(1)} in blocks of 4096`,
    );
  }
  return { seen: answers.join("; ") };
};

const indicesTo2to24: Ask = async (backend) => {
  const length = 2 ** 24;
  const [x, y] = [backend.alloc("float", length), backend.alloc("float", 2)];
  const source = "function () { return this.thread.x; }";
  x.value = (await backend.programs.resident(source, length)()) as never;
  const indices = written(backend, [length - 1, length / 2 + 1]);
  backend.kernels.gatherRows({ y }, { table: x, indices }, { rows: 2, cols: 1, tableRows: length });
  const seen = await outcome(backend.read(y));
  backend.free(x);
  return { seen, holds: seen === `[${length - 1}, ${length / 2 + 1}]` };
};

const sevenInputs: Ask = async (backend, mode) => {
  const answers: string[] = [];
  for (const count of mode === "webgpu" ? [7, 8] : [7, 8, 16]) {
    const names = Array.from({ length: count }, (_, i) => `a${i}`);
    const source = `function (${names.join(", ")}) { return ${names.map((name) => `${name}[this.thread.x]`).join(" + ")}; }`;
    const cells = names.map(() => written(backend, [1, 2]));
    await Promise.all(cells.map((cell) => backend.read(cell)));
    const total = async () => {
      const result = await backend.programs.resident(source, 2)(...cells.map((cell) => cell.value!));
      return (result as DeviceArray).toArray();
    };
    answers.push(`${count}: ${(await outcome(total())).slice(0, 60)}`);
  }
  return { seen: `${mode} ${answers.join("; ")}` };
};

/** One kernel for every length, instead of one for each: what gpu.js calls dynamicOutput and dynamicArguments. */
const anyLength: Ask = async (backend) => {
  const before = live.pipelines;
  const kernel = backend.gpu.createKernel("function (x, alpha) { return x[this.thread.x] * alpha; }", {
    output: [4],
    pipeline: true,
    immutable: true,
    precision: "single",
    tactic: "precision",
    dynamicOutput: true,
    dynamicArguments: true,
  }) as unknown as { (...values: unknown[]): Promise<Cell["value"]>; setOutput(output: number[]): void };
  let wrong = 0;
  for (const length of [4, 1000, 7, 70000, 1000, 4, 300000, 5]) {
    const cell = written(backend, normals(91, length));
    const expected = await backend.read(cell);
    kernel.setOutput([length]);
    const result = await kernel(cell.value, 2);
    const values = await result!.toArray();
    if (values.length !== length || expected.some((value, i) => values[i] !== 2 * value)) wrong += 1;
    result!.delete();
    backend.free(cell);
  }
  return {
    seen: `8 lengths, ${wrong} wrong, ${live.pipelines - before} shaders in all (16 with one per length and upload)`,
  };
};

const manyCallsAhead: Ask = async (backend) => {
  const cell = written(backend, [0]);
  for (let i = 0; i < 10_000; i++)
    backend.kernels.unary({ y: cell }, { x: cell }, { fn: "affine", alpha: 1, beta: 1, length: 1 });
  const began = performance.now();
  const seen = await outcome(backend.read(cell));
  return {
    seen: `${seen} after 10000 calls in place, ${((performance.now() - began) / 10).toFixed(0)} µs a call`,
    holds: seen === "[10000]",
  };
};

const kernelsKeepOutputs: Ask = async (backend) => {
  const before = live.textures + live.buffers;
  const cell = backend.alloc("float", 12345);
  backend.kernels.fill({ y: cell }, {}, { value: 1, length: 12345 });
  backend.free(cell);
  await backend.read(backend.alloc("float", 0));
  return { seen: `${live.textures + live.buffers - before} arrays still live after fill and free of one handle` };
};

const lost: Ask = async (backend, mode) => {
  const cell = written(backend, [1, 2]);
  await backend.read(cell);
  if (mode === "webgl2") backend.gpu.context!.getExtension("WEBGL_lose_context")!.loseContext();
  else await gpuJs.WebGPUContext.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const y = backend.alloc("float", 2);
  backend.kernels.unary({ y }, { x: cell }, { fn: "affine", alpha: 1, beta: 1, length: 2 });
  const seen = `old handle ${await outcome(backend.read(cell))}; new ${await outcome(backend.read(y))}`;
  return { seen, holds: (seen.match(/rejects/g) ?? []).length === 2 };
};

const asked: Readonly<Record<string, Ask>> = {
  "read captures its place": readKeepsItsPlace,
  "write copies": writeCopies,
  "a failed call poisons, others go on": failurePoisons,
  "a fresh handle": freshHandle,
  "length 0": emptyHandle,
  "host numbers are arguments": hostNumbers,
  "NaN data": nan,
  "non-finite loss rows": lossOfBadRows,
  "AXIS_BLOCK 4096 in float32": blockedSum,
  "indices up to 2^24": indicesTo2to24,
  "array inputs of one kernel": sevenInputs,
  "a kernel for any length": anyLength,
  "10000 calls ahead": manyCallsAhead,
  "memory after free": kernelsKeepOutputs,
  "a lost device": lost,
};

export async function probe(mode: Mode): Promise<Probe[]> {
  const probes: Probe[] = [];
  for (const [clause, ask] of Object.entries(asked)) {
    const backend = await gpujs(mode).open({ onError: () => undefined });
    const answer = await ask(backend, mode).catch((error: Error) => ({
      seen: `threw ${error.message.slice(0, 200)}`,
      holds: false,
    }));
    probes.push({ clause, ...answer });
    await backend.close().catch(() => undefined);
  }
  return probes;
}
