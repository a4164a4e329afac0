import { sep } from "node:path";
import type { Contender } from "../contender.ts";
import { timed } from "../interleave.ts";
import { installedPeer } from "./installed-peer.ts";

/** Of tfjs what is used here. */
export interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}
export type LossOf = (...inputs: Tensor[]) => Tensor;
export interface Tfjs {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor1d(values: ArrayLike<number>, type?: "int32"): Tensor;
  tensor2d(values: ArrayLike<number>, shape: readonly [number, number], type?: "int32"): Tensor;
  variable(value: Tensor): Tensor;
  tidy<T>(run: () => T): T;
  valueAndGrad(loss: LossOf): (x: Tensor) => { value: Tensor; grad: Tensor };
  valueAndGrads(loss: LossOf): (inputs: Tensor[]) => { value: Tensor; grads: Tensor[] };
  customGrad(
    f: (
      z: Tensor,
      save: (tensors: Tensor[]) => void,
    ) => { value: Tensor; gradFunc(dy: Tensor, saved: Tensor[]): Tensor },
  ): LossOf;
  add(a: Tensor, b: Tensor): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor | number): Tensor;
  log(x: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  softmax(x: Tensor): Tensor;
  sum(x: Tensor): Tensor;
  gatherND(x: Tensor, places: Tensor): Tensor;
  matMul(a: Tensor, b: Tensor): Tensor;
  readonly losses: { softmaxCrossEntropy(oneHot: Tensor, logits: Tensor): Tensor };
  readonly train: { adam(rate: number, beta1: number, beta2: number, epsilon: number): Optimizer };
}
interface Optimizer {
  minimize(loss: () => Tensor, returnCost: boolean): Tensor | null;
  dispose(): void;
}

export type TfjsBackend = "wasm" | "cpu";

const devices: Record<TfjsBackend, string> = { wasm: "WebAssembly SIMD (XNNPACK), 1 thread", cpu: "plain JavaScript" };

let loaded: Promise<Tfjs> | undefined;

async function load(): Promise<Tfjs> {
  const { library } = await installedPeer<Tfjs>("@tensorflow/tfjs");
  const wasm = await installedPeer<{ setWasmPaths(prefix: string): void }>("@tensorflow/tfjs-backend-wasm");
  wasm.library.setWasmPaths(wasm.folder + sep);
  return library;
}

/**
 * tfjs has one backend at a time: whoever computes switches to its own first, outside of what is timed. In Node tfjs-wasm
 * has one thread, whatever the machine: its threaded build is switched off there.
 */
async function using(backend: TfjsBackend): Promise<Tfjs> {
  loaded ??= load();
  const tf = await loaded;
  await tf.setBackend(backend);
  await tf.ready();
  return tf;
}

/** Ready tensors, and what is done with them. */
interface Prepared<A> {
  run(): void | Promise<void>;
  read(): Promise<A>;
  readonly kept: readonly Tensor[];
}

/** What an op of tfjs needs, and how it is timed and read with its backend switched on. */
export function tfjsContender<P, A>(
  backend: TfjsBackend,
  detail: string,
  says: string,
  prepare: (tf: Tfjs, problem: P) => Prepared<A>,
): Contender<P, A> {
  const library = `tfjs-${backend}`;
  return {
    name: detail === "" ? library : `${library}, ${detail}`,
    library,
    says,
    ours: false,
    async setup(problem) {
      const { run, read, kept } = prepare(await using(backend), problem);
      return {
        device: devices[backend],
        run,
        async sample(calls) {
          await using(backend);
          return timed(run, calls);
        },
        async read() {
          await using(backend);
          return read();
        },
        async dispose() {
          await using(backend);
          for (const tensor of kept) tensor.dispose();
        },
      };
    },
  };
}
