import { type RandomNumbers, randomNumbers } from "@surprisal/conformance";
import type { Backend, HostArray, Kind } from "@surprisal/core";

/** Makes handles for a call, and keeps them for {@link Bench.results}. */
interface Bench {
  readonly backend: Backend;
  normal(length: number): unknown;
  integers(length: number, below: number): unknown;
  output(length: number): unknown;
  i32(values: ArrayLike<number>): unknown;
}

export interface LargeCall {
  readonly name: string;
  run(bench: Bench): void;
}

/** Runs a call on fresh handles; what all of them hold then. */
export async function outcome(backend: Backend, { name, run }: LargeCall): Promise<HostArray[]> {
  const random = randomNumbers(name);
  const handles: unknown[] = [];
  const holding = (kind: Kind, values: ArrayLike<number>): unknown => {
    const handle = backend.alloc(kind, values.length);
    backend.write(handle, values);
    handles.push(handle);
    return handle;
  };
  run({
    backend,
    normal: (length) => holding("float", normals(random, length)),
    integers: (length, below) =>
      holding(
        "i32",
        Int32Array.from({ length }, () => random.integer(below)),
      ),
    output: (length) => holding("float", new Float32Array(length).fill(Number.NaN)),
    i32: (values) => holding("i32", values),
  });
  const results = await Promise.all(handles.map((handle) => backend.read(handle)));
  for (const handle of handles) backend.free(handle);
  return results;
}

/** Many numbers of a normal distribution, from 997 of them that come in another order each time. */
function normals(random: RandomNumbers, length: number): Float32Array {
  const some = Float32Array.from({ length: 997 }, () => 3 * random.normal());
  const step = 1 + random.integer(996);
  return Float32Array.from({ length }, (_, i) => some[(i * step + (i >> 10)) % 997]!);
}

const product = { batch: 1, transA: false, transB: false, accumulate: false };
const N = 300_000;
const same = { outer: 1, axis: 1, inner: N, aStrides: [0, 0, 1], bStrides: [0, 0, 1] } as const;

function gemm(name: string, params: Partial<typeof product>, m: number, n: number, k: number): LargeCall {
  const all = { ...product, ...params, m, n, k };
  return {
    name: `gemm ${name}`,
    run({ backend, normal }) {
      const { batch } = all;
      backend.kernels.gemm({ c: normal(batch * m * n) }, { a: normal(batch * m * k), b: normal(batch * k * n) }, all);
    },
  };
}

/** The fused loss with every output, and the options of its name. */
function loss(rows: number, classes: number, options: readonly string[]): LargeCall {
  const has = (option: string): boolean => options.includes(option);
  return {
    name: `loss [${rows}, ${classes}] ${options.join(" ")}`,
    run({ backend, normal, integers, output, i32 }) {
      const logits = normal(rows * classes);
      const inputs = {
        logits,
        ...(has("probabilities")
          ? { probabilities: normal(rows * classes) }
          : has("some ignored")
            ? { labels: i32(Int32Array.from({ length: rows }, (_, i) => (i % 2 === 1 ? -1 : (i * 31) % classes))) }
            : has("state alone")
              ? {}
              : { labels: integers(rows, classes) }),
        ...(has("weights") ? { classWeights: normal(classes) } : {}),
        ...(has("row scale") ? { rowScale: normal(rows) } : {}),
      };
      const outputs = has("state alone")
        ? { state: output(3 * rows) }
        : {
            rowLoss: output(rows),
            ...(has("no gradient") ? {} : { gradient: has("in place") ? logits : output(rows * classes) }),
            ...(has("state") ? { state: output(3 * rows) } : {}),
          };
      const smoothing = has("smoothing") ? 0.1 : 0;
      backend.kernels.softmaxCrossEntropy(outputs, inputs, { rows, classes, inner: 1, smoothing, scale: 0.3 });
    },
  };
}

/** Calls that are large enough to be shared out, one or more for each kernel. */
export const largeCalls: readonly LargeCall[] = [
  gemm("tiled", {}, 190, 210, 130),
  gemm("both transposed, added", { transA: true, transB: true, accumulate: true }, 150, 170, 1100),
  gemm("batches, added", { batch: 3, accumulate: true }, 100, 90, 80),
  gemm("one row", {}, 1, 5000, 300),
  gemm("one row, added", { accumulate: true }, 1, 5000, 300),
  gemm("one row of a transposed one", { transB: true }, 1, 5000, 300),
  gemm("a column", {}, 5000, 1, 300),
  {
    name: "linear",
    run: ({ backend, normal, output }) =>
      backend.kernels.linear!(
        { y: output(300 * 128) },
        { x: normal(300 * 400), w: normal(400 * 128), b: normal(128) },
        { rows: 300, inputs: 400, units: 128 },
      ),
  },
  {
    name: "linearGradient",
    run: ({ backend, normal, output }) =>
      backend.kernels.linearGradient!(
        { dx: output(300 * 400), dw: output(400 * 1128), db: output(1128) },
        { x: normal(300 * 400), w: normal(400 * 1128), g: normal(300 * 1128) },
        { rows: 300, inputs: 400, units: 1128 },
      ),
  },
  ...(["exp", "geluErf", "log", "affine"] as const).map(
    (fn): LargeCall => ({
      name: `unary ${fn}, in place too`,
      run({ backend, normal, output }) {
        const x = normal(N);
        backend.kernels.unary({ y: output(N) }, { x }, { fn, alpha: 2, beta: 1, length: N });
        backend.kernels.unary({ y: x }, { x }, { fn, alpha: 2, beta: 1, length: N });
      },
    }),
  ),
  {
    name: "binary, in place too",
    run({ backend, normal, output }) {
      const [a, b] = [normal(N), normal(N)];
      backend.kernels.binary({ y: output(N) }, { a, b }, { fn: "div", alpha: 1, beta: 1, ...same });
      backend.kernels.binary({ y: b }, { a, b }, { fn: "add", alpha: 1, beta: -2, ...same });
    },
  },
  {
    name: "select, in place",
    run({ backend, normal }) {
      const [condition, a, b] = [normal(N), normal(N), normal(N)];
      backend.kernels.select({ y: condition }, { condition, a, b }, { length: N });
    },
  },
  { name: "fill", run: ({ backend, output }) => backend.kernels.fill({ y: output(N) }, {}, { value: 7, length: N }) },
  ...(["sum", "argmax"] as const).flatMap((fn) =>
    [
      { outer: 3, axis: 100_001, inner: 1 },
      { outer: 1, axis: 1000, inner: 1100 },
    ].map(
      (sizes): LargeCall => ({
        name: `reduce ${fn} ${sizes.outer}×${sizes.axis}×${sizes.inner}`,
        run({ backend, normal, output }) {
          const x = normal(sizes.outer * sizes.axis * sizes.inner);
          backend.kernels.reduce({ y: output(sizes.outer * sizes.inner) }, { x }, { fn, ...sizes });
        },
      }),
    ),
  ),
  {
    name: "rearrange: a transposition, and a window in its own background",
    run({ backend, normal, output }) {
      const [x, background] = [normal(600 * 500), normal(600 * 500)];
      const whole = { strides: [1, 500], offset: 0, from: [0, 0], to: [500, 600] };
      backend.kernels.rearrange({ y: output(600 * 500) }, { x }, { dims: [500, 600], ...whole });
      const window = { strides: [500, 1], offset: 0, from: [20, 30], to: [580, 480] };
      backend.kernels.rearrange({ y: background }, { x, background }, { dims: [600, 500], ...window });
    },
  },
  {
    name: "gatherRows and scatterAddRows",
    run({ backend, normal, integers, output, i32 }) {
      const [rows, cols, tableRows] = [2000, 100, 700];
      const table = normal(tableRows * cols);
      const y = output(rows * cols);
      backend.kernels.gatherRows({ y }, { table, indices: integers(rows, tableRows) }, { rows, cols, tableRows });
      const starts = i32(Int32Array.from({ length: tableRows + 1 }, (_, t) => Math.floor((t * rows) / tableRows)));
      const inputs = { values: y, order: i32(Int32Array.from({ length: rows }, (_, i) => (i * 37) % rows)), starts };
      backend.kernels.scatterAddRows({ table: output(tableRows * cols) }, inputs, { rows, cols, tableRows });
    },
  },
  {
    name: "sgd and adamw",
    run({ backend, normal, output }) {
      const [parameter, velocity, gradient] = [normal(N), normal(N), normal(N)];
      const common = { length: N, learningRate: 0.1, weightDecay: 0.01, gradientScale: 1 };
      backend.kernels.sgd!(
        { parameter, velocity },
        { parameter, velocity, gradient },
        { ...common, momentum: 0.9, dampening: 0, nesterov: true },
      );
      const variance = output(N);
      backend.kernels.unary({ y: variance }, { x: gradient }, { fn: "abs", alpha: 1, beta: 0, length: N });
      backend.kernels.adamw!(
        { parameter, mean: velocity, variance },
        { parameter, gradient, mean: velocity, variance },
        { ...common, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, decoupled: true, correction1: 0.1, correction2: 0.01 },
      );
    },
  },
  {
    name: "linearCrossEntropy in chunks of rows",
    run({ backend, normal, integers, output }) {
      const [rows, inputs, classes] = [200, 60, 500];
      backend.kernels.linearCrossEntropy!(
        { rowLoss: output(rows), dx: output(rows * inputs), dw: output(inputs * classes), db: output(classes) },
        { x: normal(rows * inputs), w: normal(inputs * classes), b: normal(classes), labels: integers(rows, classes) },
        { rows, inputs, classes, inner: 1, smoothing: 0, scale: 1, transW: false, maxBytes: 4 * 70 * classes },
      );
    },
  },
  {
    name: "the loss with every term and its diagnostics, in place",
    run({ backend, normal, integers, output }) {
      const [rows, classes] = [400, 300];
      const logits = normal(rows * classes);
      const terms = { inverseTemperature: 0.7, softcap: 20, zLoss: 1e-3, focal: 2, poly: 0.5 };
      backend.kernels.softmaxCrossEntropy(
        { rowLoss: output(rows), gradient: logits, diagnostics: output(3 * rows) },
        { logits, labels: integers(rows, classes) },
        { rows, classes, inner: 1, smoothing: 0.1, scale: 1, terms },
      );
    },
  },
  loss(9000, 10, ["weights", "row scale"]),
  loss(9000, 10, ["probabilities", "smoothing", "in place", "state"]),
  loss(500, 1000, []),
  loss(500, 1000, ["in place", "smoothing", "weights", "some ignored", "state"]),
  loss(6, 50_257, ["in place"]),
  loss(3, 100_003, ["probabilities", "weights", "state"]),
  loss(2, 70_001, ["no gradient"]),
  loss(2, 140_001, ["smoothing", "row scale", "some ignored", "state"]),
  loss(1, 300_001, []),
  loss(1, 300_001, ["no gradient"]),
  loss(1, 300_001, ["state alone"]),
];
