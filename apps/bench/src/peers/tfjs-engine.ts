import type { Contender } from "../contender.ts";
import { timed } from "../interleave.ts";

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

/** One of tfjs' backends. They share one library, which has one of them at a time. */
export interface TfjsEngine {
  /** `tfjs-wasm` */
  readonly library: string;
  readonly device: string;
  /** Makes it the one that computes. */
  use(): Promise<Tfjs>;
  /** Whether it computes behind the caller's back: then a run ends when its answer has been read. */
  readonly waits: boolean;
}

/** Ready tensors, and what is done with them. */
interface Prepared<A> {
  run(): void | Promise<void>;
  read(): Promise<A>;
  readonly kept: readonly Tensor[];
}

/** Whoever computes switches to its own backend first, outside of what is timed. */
export function tfjsContender<P, A>(
  engine: TfjsEngine,
  detail: string,
  says: string,
  prepare: (tf: Tfjs, problem: P) => Prepared<A>,
): Contender<P, A> {
  const { library, device } = engine;
  return {
    name: detail === "" ? library : `${library}, ${detail}`,
    library,
    says,
    ours: false,
    async setup(problem) {
      const { run, read, kept } = prepare(await engine.use(), problem);
      return {
        device,
        run,
        async sample(calls) {
          await engine.use();
          return timed(run, calls);
        },
        async read() {
          await engine.use();
          return read();
        },
        async dispose() {
          await engine.use();
          for (const tensor of kept) tensor.dispose();
        },
      };
    },
  };
}
