import type { Contender } from "../contender.ts";
import type { ProductAnswer, ProductProblem } from "../workloads/gemm.ts";
import type { LinearAnswer, LinearProblem } from "../workloads/linear-loss.ts";
import type { LossAnswer, LossContender, LossProblem } from "../workloads/loss.ts";
import {
  ADAM,
  BATCH,
  batchesOf,
  CLASSES,
  INPUTS,
  LEARNING_RATE,
  TIMED_LEARNING_RATE,
  type TrainingAnswer,
  type TrainingProblem,
  UNITS,
} from "../workloads/training-problem.ts";
import { installedPeer } from "./installed-peer.ts";

/** Of jax-js what is used here. A function consumes its arguments; `ref` keeps one for another use. */
interface Value {
  readonly ref: Value;
  reshape(shape: readonly number[]): Value;
  add(other: Value | number): Value;
  sub(other: Value | number): Value;
  mul(other: Value | number): Value;
  div(other: Value | number): Value;
  sum(axis?: number): Value;
  data(): Promise<Float32Array>;
  dispose(): void;
}
type Tree = Value | readonly Tree[];
type Jitted<F> = F & { dispose(): void };
interface Jax {
  init(device: "wasm"): Promise<readonly string[]>;
  defaultDevice(device: "wasm"): void;
  jit<F>(f: F): Jitted<F>;
  valueAndGrad<A extends readonly Tree[], G>(
    f: (...inputs: A) => Value,
    options?: { argnums: number | readonly number[] },
  ): (...inputs: A) => [Value, G];
  blockUntilReady(values: Tree): Promise<unknown>;
  readonly numpy: {
    array(data: ArrayLike<number>): Value;
    matmul(a: Value, b: Value): Value;
    maximum(a: Value, b: number): Value;
    sqrt(x: Value): Value;
    zeros(shape: readonly number[]): Value;
  };
  readonly nn: { logSoftmax(x: Value): Value; logsumexp(x: Value, axis: number): Value; relu(x: Value): Value };
}

const device = "WebAssembly SIMD, 1 thread";
const library = "jax-js";

let loaded: Promise<Jax> | undefined;

/** In Node it has one thread: there is no global Worker. */
function load(): Promise<Jax> {
  loaded ??= (async () => {
    const { library: jax } = await installedPeer<Jax>("@jax-js/jax");
    await jax.init("wasm");
    jax.defaultDevice("wasm");
    return jax;
  })();
  return loaded;
}

function contender<P, A>(
  detail: string,
  says: string,
  prepare: (
    jax: Jax,
    problem: P,
  ) => { run(): Promise<void>; read(): Promise<A>; readonly kept: readonly { dispose(): void }[] },
): Contender<P, A> {
  return {
    name: detail === "" ? library : `${library}, ${detail}`,
    library,
    says,
    ours: false,
    async setup(problem) {
      const { run, read, kept } = prepare(await load(), problem);
      return {
        device,
        run,
        read,
        dispose() {
          for (const each of kept) each.dispose();
        },
      };
    },
  };
}

/** −mean Σ t·log p of dense targets t, in one of two ways. Rows are summed first: one long sum drifts by up to a percent. */
const losses = {
  logSoftmax: (jax: Jax, z: Value, t: Value, rows: number) =>
    jax.nn
      .logSoftmax(z)
      .mul(t)
      .sum(-1)
      .sum()
      .mul(-1 / rows),
  logsumexp: (jax: Jax, z: Value, t: Value, rows: number) =>
    jax.nn
      .logsumexp(z.ref, -1)
      .sum()
      .sub(z.mul(t).sum(-1).sum())
      .mul(1 / rows),
};

const says = {
  logSoftmax: "jit of −Σ t·nn.logSoftmax(z) on ready one-hot rows or probabilities t",
  logsumexp: "jit of Σ nn.logsumexp(z) − Σ t·z, for t that sum to 1: the fastest that we could put together",
};

/** It has no such loss, and no gather within jit. */
export function jaxLoss(form: keyof typeof losses): LossContender {
  return contender<LossProblem, LossAnswer>(form, says[form], (jax, { rows, classes, logits, dense, gradient }) => {
    const z = jax.numpy.array(logits).reshape([rows, classes]);
    const t = jax.numpy.array(dense).reshape([rows, classes]);
    const loss = (z: Value, t: Value) => losses[form](jax, z, t, rows);
    const both = jax.jit(jax.valueAndGrad<[Value, Value], Value>(loss));
    const alone = jax.jit((z: Value, t: Value) => [loss(z, t)]);
    const step = (): readonly Value[] => (gradient ? both(z.ref, t.ref) : alone(z.ref, t.ref));
    return {
      kept: [z, t, both, alone],
      async run() {
        const found = step();
        await jax.blockUntilReady(found);
        for (const each of found) each.dispose();
      },
      async read() {
        const [value, grad] = step();
        return { loss: (await value!.data())[0]!, ...(grad && { gradient: await grad.data() }) };
      },
    };
  });
}

export function jaxProduct(): Contender<ProductProblem, ProductAnswer> {
  return contender("", "jit of numpy.matmul", (jax, { m, n, k, a, b }) => {
    const left = jax.numpy.array(a).reshape([m, k]);
    const right = jax.numpy.array(b).reshape([k, n]);
    const product = jax.jit((a: Value, b: Value) => jax.numpy.matmul(a, b));
    return {
      kept: [left, right, product],
      async run() {
        const c = product(left.ref, right.ref);
        await jax.blockUntilReady(c);
        c.dispose();
      },
      read: () => product(left.ref, right.ref).data(),
    };
  });
}

export function jaxLinearLoss(): Contender<LinearProblem, LinearAnswer> {
  const words = "jit of Σ nn.logsumexp(x·w + b) − Σ t·(x·w + b) and its gradients, on ready one-hot rows";
  return contender("", words, (jax, { rows, inputs, classes, x, w, b, oneHot }) => {
    const { numpy } = jax;
    const given = [
      numpy.array(x).reshape([rows, inputs]),
      numpy.array(w).reshape([inputs, classes]),
      numpy.array(b),
      numpy.array(oneHot).reshape([rows, classes]),
    ] as const;
    const loss = (x: Value, w: Value, b: Value, t: Value) => losses.logsumexp(jax, numpy.matmul(x, w).add(b), t, rows);
    type Gradients = readonly [Value, Value, Value];
    const both = jax.jit(jax.valueAndGrad<[Value, Value, Value, Value], Gradients>(loss, { argnums: [0, 1, 2] }));
    const step = () => both(given[0].ref, given[1].ref, given[2].ref, given[3].ref);
    return {
      kept: [...given, both],
      async run() {
        const [value, gradients] = step();
        await jax.blockUntilReady([value, ...gradients]);
        for (const each of [value, ...gradients]) each.dispose();
      },
      async read() {
        const [value, [dx, dw, db]] = step();
        return {
          loss: (await value.data())[0]!,
          dx: await dx.data(),
          dw: await dw.data(),
          db: await db.data(),
        };
      },
    };
  });
}

/** Parameters or moments: w1, b1, w2, b2. */
type Four = readonly [Value, Value, Value, Value];

const shapes = [[INPUTS, UNITS], [UNITS], [UNITS, CLASSES], [CLASSES]] as const;

export function jaxTraining(): Contender<TrainingProblem, TrainingAnswer> {
  const words = "the whole step with Adam as one jit, on batches that are ready";
  return contender("", words, (jax, problem) => {
    const { numpy, nn } = jax;
    const batches = batchesOf(problem).map(({ x, oneHot }) => ({
      x: numpy.array(x).reshape([BATCH, INPUTS]),
      t: numpy.array(oneHot).reshape([BATCH, CLASSES]),
    }));
    const loss = ([w1, b1, w2, b2]: Four, x: Value, t: Value) => {
      const hidden = nn.relu(numpy.matmul(x, w1).add(b1));
      return losses.logsumexp(jax, numpy.matmul(hidden, w2).add(b2), t, BATCH);
    };
    const both = jax.valueAndGrad<[Four, Value, Value], Four>(loss);
    const { beta1, beta2, epsilon } = ADAM;
    /** `rate` and `root` hold what Adam corrects its moments by: η/(1 − β₁ᵗ) and 1/√(1 − β₂ᵗ). */
    const step = jax.jit((p: Four, m: Four, v: Four, rate: Value, root: Value, x: Value, t: Value) => {
      const [value, gradients] = both(p.map((each) => each.ref) as unknown as Four, x, t);
      const means = gradients.map((g, i) => m[i]!.mul(beta1).add(g.ref.mul(1 - beta1)));
      const variances = gradients.map((g, i) => v[i]!.mul(beta2).add(g.ref.mul(g).mul(1 - beta2)));
      const parameters = p.map((each, i) => {
        const divisor = numpy.sqrt(variances[i]!.ref).mul(root.ref).add(epsilon);
        return each.sub(means[i]!.ref.mul(rate.ref).div(divisor));
      });
      rate.dispose();
      root.dispose();
      return [value, parameters, means, variances] as unknown as [Value, Four, Four, Four];
    });
    const trainer = (learningRate: number) => {
      const { w1, b1, w2, b2 } = problem.weights;
      const zeros = () => shapes.map((shape) => numpy.zeros(shape)) as unknown as Four;
      let state = {
        p: [w1, b1, w2, b2].map((data, i) => numpy.array(data).reshape(shapes[i]!)) as unknown as Four,
        m: zeros(),
        v: zeros(),
      };
      let steps = 0;
      return {
        async epoch() {
          for (const { x, t } of batches) {
            steps++;
            const rate = numpy.array([learningRate / (1 - beta1 ** steps)]);
            const root = numpy.array([1 / Math.sqrt(1 - beta2 ** steps)]);
            const [value, p, m, v] = step(state.p, state.m, state.v, rate, root, x.ref, t.ref);
            value.dispose();
            state = { p, m, v };
          }
          await jax.blockUntilReady([state.p, state.m, state.v]);
        },
        lossOfFirst: () =>
          loss(state.p.map((each) => each.ref) as unknown as Four, batches[0]!.x.ref, batches[0]!.t.ref),
        dispose() {
          for (const each of [state.p, state.m, state.v].flat()) each.dispose();
        },
      };
    };
    const timed = trainer(TIMED_LEARNING_RATE);
    return {
      kept: [...batches.flatMap(({ x, t }) => [x, t]), step, timed],
      run: timed.epoch,
      async read() {
        const { epoch, lossOfFirst, dispose } = trainer(LEARNING_RATE);
        await epoch();
        const answer = (await lossOfFirst().data())[0]!;
        dispose();
        return answer;
      },
    };
  });
}
