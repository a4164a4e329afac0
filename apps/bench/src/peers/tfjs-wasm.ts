import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import type { Contender } from "../contender.ts";
import type { ProductAnswer, ProductProblem } from "../workloads/gemm.ts";
import type { TfjsEngine } from "./tfjs-loss.ts";

let started: Promise<void> | undefined;

/** In Node tfjs-wasm has one thread, whatever the machine: its threaded build is switched off there. */
async function start(): Promise<{ device: string }> {
  started ??= (async () => {
    setWasmPaths(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep);
    await tf.setBackend("wasm");
    await tf.ready();
  })();
  await started;
  return { device: "WebAssembly SIMD (XNNPACK), 1 thread" };
}

/** For {@link tfjsLoss}. */
export const tfjsWasm: TfjsEngine = { name: "tfjs-wasm", start, use: () => undefined, waits: false };

/** Matrix products. */
export function tfjsProduct(): Contender<ProductProblem, ProductAnswer> {
  return {
    name: "tfjs-wasm",
    says: "tf.matMul",
    ours: false,
    async setup({ m, n, k, a, b }) {
      const about = await start();
      const left = tf.tensor2d(a, [m, k]);
      const right = tf.tensor2d(b, [k, n]);
      return {
        ...about,
        run: () => tf.matMul(left, right).dispose(),
        async read() {
          const product = tf.matMul(left, right);
          const data = await product.data();
          product.dispose();
          return data;
        },
        dispose() {
          left.dispose();
          right.dispose();
        },
      };
    },
  };
}
