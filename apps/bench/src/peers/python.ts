import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Contender } from "../contender.ts";
import type { ProductAnswer, ProductProblem } from "../workloads/gemm.ts";
import type { LinearAnswer, LinearProblem } from "../workloads/linear-loss.ts";
import type { LossAnswer, LossContender, LossProblem } from "../workloads/loss.ts";
import {
  ADAM,
  BATCH,
  CLASSES,
  INPUTS,
  LEARNING_RATE,
  STEPS,
  TIMED_LEARNING_RATE,
  type TrainingAnswer,
  type TrainingProblem,
  UNITS,
} from "../workloads/training-problem.ts";

export type PythonFramework = "torch" | "tensorflow";

const names = { torch: "PyTorch", tensorflow: "TensorFlow" } as const;
const program = join(import.meta.dirname, "python-peer.py");
/** Frameworks load for seconds on an idle machine; nothing here computes for longer than minutes. */
const ANSWER_WITHIN_MS = 300_000;

/** What the process answers to a command; `error` in place of all else. */
interface Reply {
  readonly error?: string;
  readonly about?: string;
  readonly threads?: number;
  readonly ms?: number;
  readonly files?: Readonly<Record<string, string>>;
}

/** A problem as the process takes it: small numbers, and arrays as files. */
interface Task {
  readonly task: "loss" | "product" | "linear" | "training";
  readonly numbers: Readonly<Record<string, number | string | boolean>>;
  readonly arrays: Readonly<Record<string, Float32Array | Int32Array>>;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** A framework of Python in a process of its own. */
export interface PythonPeer {
  readonly loss: LossContender;
  readonly product: Contender<ProductProblem, ProductAnswer>;
  readonly linearLoss: Contender<LinearProblem, LinearAnswer>;
  readonly training: Contender<TrainingProblem, TrainingAnswer>;
  /** Ends the process. */
  close(): Promise<void>;
}

/**
 * A framework that `command`, a Python, may have. The process is started when it is first needed, and computes only when
 * it is its turn: it takes samples itself, so the way there is not in its times.
 */
export function pythonPeer(framework: PythonFramework, command: string): PythonPeer {
  let connection: Promise<Connection> | undefined;
  const connected = () => (connection ??= connect(command, framework));

  const contender = <P, A>(
    says: string,
    taskOf: (problem: P) => Task,
    answerOf: (arrays: Record<string, Float32Array>) => A,
  ): Contender<P, A> => ({
    name: names[framework],
    library: names[framework],
    says,
    ours: false,
    async setup(problem) {
      const { ask, folder, device } = await connected();
      const { task, numbers, arrays } = taskOf(problem);
      const files: Record<string, readonly [string, string]> = {};
      for (const [name, data] of Object.entries(arrays)) {
        const file = join(folder, `${name}.in`);
        await writeFile(file, data);
        files[name] = [file, data instanceof Float32Array ? "float32" : "int32"];
      }
      await ask({ do: "setup", task, numbers, arrays: files });
      const sample = async (calls: number) => (await ask({ do: "sample", calls })).ms!;
      return {
        device,
        async run() {
          await sample(1);
        },
        sample,
        async read() {
          const { files = {} } = await ask({ do: "read", folder });
          const found: Record<string, Float32Array> = {};
          for (const [name, file] of Object.entries(files)) {
            found[name] = new Float32Array(new Uint8Array(await readFile(file)).buffer);
          }
          return answerOf(found);
        },
        async dispose() {
          await ask({ do: "dispose" });
        },
      };
    },
  });

  const how = {
    torch: {
      loss: "F.cross_entropy, eager, with backward() for the gradient",
      product: "torch.mm",
      linear: "F.cross_entropy of torch.addmm, eager, with backward()",
      training: "eager nn.Sequential and optim.Adam(fused=True), on batches that are ready",
    },
    tensorflow: {
      loss: "tf.function of (sparse_)softmax_cross_entropy_with_logits, with a tape for the gradient",
      product: "tf.linalg.matmul",
      linear: "tf.function of sparse_softmax_cross_entropy_with_logits of x·w + b, with a tape",
      training: "tf.function of the step, keras.optimizers.Adam, on batches that are ready",
    },
  }[framework];
  return {
    loss: contender<LossProblem, LossAnswer>(how.loss, lossTask, ({ loss, gradient }) => ({
      loss: loss![0]!,
      ...(gradient && { gradient }),
    })),
    product: contender<ProductProblem, ProductAnswer>(how.product, productTask, ({ c }) => c!),
    linearLoss: contender<LinearProblem, LinearAnswer>(how.linear, linearTask, ({ loss, dx, dw, db }) => ({
      loss: loss![0]!,
      dx: dx!,
      dw: dw!,
      db: db!,
    })),
    training: contender<TrainingProblem, TrainingAnswer>(how.training, trainingTask, ({ loss }) => loss![0]!),
    async close() {
      const opened = connection;
      connection = undefined;
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

function lossTask({ rows, classes, logits, labels, dense, target, gradient }: LossProblem): Task {
  const arrays = target === "labels" ? { logits, labels } : { logits, dense };
  return { task: "loss", numbers: { rows, classes, target, gradient }, arrays };
}

function productTask({ m, n, k, a, b }: ProductProblem): Task {
  return { task: "product", numbers: { m, n, k }, arrays: { a, b } };
}

function linearTask({ rows, inputs, classes, x, w, b, labels }: LinearProblem): Task {
  return { task: "linear", numbers: { rows, inputs, classes }, arrays: { x, w, b, labels } };
}

function trainingTask({ pixels, labels, weights }: TrainingProblem): Task {
  const sizes = { inputs: INPUTS, units: UNITS, classes: CLASSES, batch: BATCH, steps: STEPS };
  const rates = { rate: LEARNING_RATE, timedRate: TIMED_LEARNING_RATE };
  return { task: "training", numbers: { ...sizes, ...rates, ...ADAM }, arrays: { pixels, labels, ...weights } };
}

interface Connection {
  readonly device: string;
  /** Where arrays are handed over. */
  readonly folder: string;
  ask(command: object): Promise<Reply>;
  close(): Promise<void>;
}

/** Starts the process. Rejects with the reason where there is no such Python or no such framework. */
async function connect(command: string, framework: PythonFramework): Promise<Connection> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const child = spawn(command, [program, framework], { stdio: ["pipe", "pipe", "ignore"] });
  const { next, ended } = replies(child);
  const close = async () => {
    child.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { about, threads } = checked(await next());
    const device = `${about}, ${threads} thread${threads === 1 ? "" : "s"}, a process of its own`;
    return {
      device,
      folder,
      close,
      async ask(command) {
        child.stdin.write(`${JSON.stringify(command)}\n`);
        return checked(await next());
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rejects with what the process says went wrong. */
function checked(reply: Reply): Reply {
  if (reply.error !== undefined) throw new Error(reply.error);
  return reply;
}

/** The process' replies, one after another. */
function replies(child: Child): { next(): Promise<Reply>; ended: Promise<unknown> } {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // There may be no such command: then its output never ends, for it never began.
  const failed = new Promise<never>((_, reject) => child.on("error", reject));
  const closed = new Promise((resolve) => child.on("close", resolve));
  // A write to a process that has gone is told of by `next`.
  child.stdin.on("error", () => {});
  return {
    ended: Promise.race([closed, failed]).catch(() => {}),
    async next() {
      const late = setTimeout(() => child.kill("SIGKILL"), ANSWER_WITHIN_MS);
      try {
        const { done, value } = await Promise.race([lines.next(), failed]);
        if (done) throw new Error("its process ended");
        return JSON.parse(value) as Reply;
      } finally {
        clearTimeout(late);
      }
    },
  };
}
