import type { Contender } from "../contender.ts";
import type { ProductAnswer, ProductProblem } from "../workloads/gemm.ts";
import type { LinearAnswer, LinearProblem } from "../workloads/linear-loss.ts";
import type { LossAnswer, LossContender, LossProblem } from "../workloads/loss.ts";
import { installedPeer } from "./installed-peer.ts";
import { fusedModel, linearLossModel, lossModel, productModel, softModel } from "./onnx-graphs.ts";

/** What both packages have in common, as far as it is used here. */
interface OnnxRuntime {
  readonly env: { readonly wasm: { numThreads: number } };
  readonly Tensor: new (
    type: "float32" | "int64",
    data: Float32Array | BigInt64Array,
    shape: readonly number[],
  ) => OrtTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}
interface OrtTensor {
  readonly data: Float32Array;
}
type Tensors = Record<string, OrtTensor>;
interface Session {
  run(inputs: Tensors, outputs?: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

export type OnnxPackage = "web" | "node";

/** Both register with one module, where the web's also goes by the name of the native one, "cpu": that is not asked for. */
const packages = {
  web: { library: "onnxruntime-web", providers: ["wasm"], device: "WebAssembly SIMD, 1 thread" },
  node: { library: "onnxruntime-node", providers: undefined, device: "native code, 1 thread" },
} as const;

async function load(where: OnnxPackage): Promise<OnnxRuntime> {
  const { library: ort } = await installedPeer<OnnxRuntime>(packages[where].library);
  if (where === "web") ort.env.wasm.numThreads = 1;
  return ort;
}

async function openSession(ort: OnnxRuntime, where: OnnxPackage, model: Uint8Array): Promise<Session> {
  const { providers } = packages[where];
  const hadWorker = "Worker" in globalThis;
  const session = await ort.InferenceSession.create(model, {
    ...(providers && { executionProviders: providers }),
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
  // In Node the web package defines a global Worker, by which jax-js would believe itself in a browser, and fail.
  if (!hadWorker) Reflect.deleteProperty(globalThis, "Worker");
  return session;
}

/** What a model is fed, and what it gives. */
interface Prepared<A> {
  readonly model: Uint8Array;
  readonly inputs: Readonly<Record<string, readonly [Float32Array | BigInt64Array, ...shape: number[]]>>;
  /** Shapes of the outputs: the native package writes them into memory that is ready. */
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  answer(outputs: Tensors): A;
}

function contender<P, A>(where: OnnxPackage, says: string, prepare: (problem: P) => Prepared<A>): Contender<P, A> {
  const { library, device } = packages[where];
  return {
    name: library,
    library,
    says,
    ours: false,
    async setup(problem) {
      const ort = await load(where);
      const { model, inputs, outputs, answer } = prepare(problem);
      const session = await openSession(ort, where, model);
      const given: Tensors = {};
      for (const [name, [data, ...shape]] of Object.entries(inputs)) {
        given[name] = new ort.Tensor(data instanceof Float32Array ? "float32" : "int64", data, shape);
      }
      const ready: Tensors = {};
      for (const [name, shape] of Object.entries(outputs)) {
        const length = shape.reduce((product, size) => product * size, 1);
        ready[name] = new ort.Tensor("float32", new Float32Array(length), shape);
      }
      const run = where === "node" ? () => session.run(given, ready) : () => session.run(given);
      return {
        device,
        async run() {
          await run();
        },
        read: async () => answer(await run()),
        dispose: () => session.release(),
      };
    },
  };
}

const big = (labels: Int32Array): BigInt64Array => BigInt64Array.from(labels, BigInt);

/** The loss is ONNX' own operator; the gradient, which ONNX does not have, is composed. */
export function onnxLoss(where: OnnxPackage): LossContender {
  const says =
    "forward SoftmaxCrossEntropyLoss; the gradient is composed of Softmax, GatherElements and Log, ScatterElements and Mul, and of LogSoftmax, Exp, Sub and Mul for probabilities";
  return contender<LossProblem, LossAnswer>(where, says, (problem) => {
    const { rows, classes, logits, labels, dense, target, gradient } = problem;
    const z = [logits, rows, classes] as const;
    const answer = (outputs: Tensors): LossAnswer => ({
      loss: outputs.loss!.data[0]!,
      ...(gradient && { gradient: outputs.gradient!.data }),
    });
    if (!gradient) {
      const inputs = { z, labels: [big(labels), rows] as const };
      return { model: lossModel(rows, classes), inputs, outputs: { loss: [] }, answer };
    }
    const outputs = { loss: [], gradient: [rows, classes] };
    return target === "labels"
      ? { model: fusedModel(rows, classes), inputs: { z, labels: [big(labels), rows, 1] }, outputs, answer }
      : { model: softModel(rows, classes), inputs: { z, q: [dense, rows, classes] }, outputs, answer };
  });
}

export function onnxProduct(where: OnnxPackage): Contender<ProductProblem, ProductAnswer> {
  return contender(where, "MatMul", ({ m, n, k, a, b }) => ({
    model: productModel(m, k, n),
    inputs: { a: [a, m, k], b: [b, k, n] },
    outputs: { c: [m, n] },
    answer: ({ c }) => c!.data,
  }));
}

export function onnxLinearLoss(where: OnnxPackage): Contender<LinearProblem, LinearAnswer> {
  const says = "Gemm, the composed loss and gradient, and a Gemm for each of dx and dw";
  return contender(where, says, ({ rows, inputs, classes, x, w, b, labels }) => ({
    model: linearLossModel(rows, inputs, classes),
    inputs: {
      x: [x, rows, inputs],
      w: [w, inputs, classes],
      b: [b, classes],
      labels: [big(labels), rows, 1],
    },
    outputs: { loss: [], dx: [rows, inputs], dw: [inputs, classes], db: [1, classes] },
    answer: ({ loss, dx, dw, db }) => ({ loss: loss!.data[0]!, dx: dx!.data, dw: dw!.data, db: db!.data }),
  }));
}
