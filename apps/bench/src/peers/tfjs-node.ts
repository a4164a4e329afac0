import { sep } from "node:path";
import { installedPeer } from "./installed-peer.ts";
import type { Tfjs, TfjsEngine } from "./tfjs-engine.ts";

let loaded: Promise<Tfjs> | undefined;

async function load(): Promise<Tfjs> {
  const { library } = await installedPeer<Tfjs>("@tensorflow/tfjs");
  const wasm = await installedPeer<{ setWasmPaths(prefix: string): void }>("@tensorflow/tfjs-backend-wasm");
  wasm.library.setWasmPaths(wasm.folder + sep);
  return library;
}

function engine(backend: "wasm" | "cpu", device: string): TfjsEngine {
  return {
    library: `tfjs-${backend}`,
    device,
    waits: false,
    async use() {
      loaded ??= load();
      const tf = await loaded;
      await tf.setBackend(backend);
      await tf.ready();
      return tf;
    },
  };
}

/** In Node it has one thread, whatever the machine: its threaded build is switched off there. */
export const tfjsWasm = engine("wasm", "WebAssembly SIMD (XNNPACK), 1 thread");

export const tfjsCpu = engine("cpu", "plain JavaScript");
