import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { run } from "@surprisal/tool-kit/run";
import { peerModules } from "./peers/installed-peer.ts";

const repository = join(import.meta.dirname, "..", "..", "..");

/** Something that a page loads, gzipped. */
export interface Size {
  readonly name: string;
  readonly bytes: number;
}

export interface Sizes {
  /** Of the WebAssembly of each variant, deflated as it is published. */
  readonly kernels: readonly Size[];
  /** Of our packages, bundled and minified: what .size-limit.js lists. */
  readonly bundles: readonly Size[];
  /** Of other libraries, by the files that they publish for it; empty where they are not installed. */
  readonly peers: readonly Size[];
}

/** The bundle that a program with our CPU backend loads, in .size-limit.js. */
export const TRAINING_BUNDLE = "core and backend-cpu";

/** Builds the packages and measures what users download. */
export async function measureSizes(): Promise<Sizes> {
  const kernels = ["relaxed", "strict"].map((variant) => ({
    name: variant,
    bytes: deflatedWasm(variant).length,
  }));
  await run("pnpm", ["exec", "turbo", "run", "build", "--output-logs=errors-only"], { cwd: repository });
  const said = await run("pnpm", ["exec", "size-limit", "--json"], { cwd: repository });
  const bundles = (JSON.parse(said.slice(said.indexOf("["))) as { name: string; size: number }[]).map(
    ({ name, size }) => ({ name, bytes: size }),
  );
  return { kernels, bundles, peers: await peerSizes() };
}

/** The kernels' module, which the sources hold deflated and in base64. */
function deflatedWasm(variant: string): Uint8Array {
  const file = join(repository, "packages", "backend-cpu", "src", "kernels", `${variant}.generated.ts`);
  return Buffer.from(/"([A-Za-z0-9+/=]+)";/.exec(readFileSync(file, "utf8"))![1]!, "base64");
}

/** Files of one SIMD build without threads, or of the only build there is; nothing for GPUs. */
async function peerSizes(): Promise<Size[]> {
  const modules = await peerModules().catch(() => undefined);
  if (modules === undefined) return [];
  const size = (name: string, folder: string, ...files: readonly string[]): Size => ({
    name,
    bytes: files.reduce((sum, file) => sum + gzipped(readFileSync(join(modules, folder, file))), 0),
  });
  const jax = readdirSync(join(modules, "@jax-js/jax/dist")).filter((file) => /^(index|backend-.*)\.js$/.test(file));
  return [
    size(
      "tfjs-core and tfjs-backend-wasm",
      "@tensorflow",
      "tfjs-core/dist/tf-core.min.js",
      "tfjs-backend-wasm/dist/tf-backend-wasm.min.js",
      "tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm",
    ),
    size("jax-js", "@jax-js/jax/dist", ...jax),
    size(
      "onnxruntime-web, WebAssembly alone",
      "onnxruntime-web/dist",
      "ort.wasm.min.mjs",
      "ort-wasm-simd-threaded.mjs",
      "ort-wasm-simd-threaded.wasm",
    ),
  ];
}

function gzipped(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).length;
}
