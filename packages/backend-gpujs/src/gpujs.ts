import type { Backend, BackendProvider, OpenOptions } from "@surprisal/core";
import type { OnLost } from "./accelerator.ts";
import { openBackend } from "./backend.ts";
import type { Cell } from "./cell.ts";
import { openCpuDebug } from "./cpu-debug.ts";
import { errorOf } from "./faults.ts";
import { type GpuJs, loadGpuJs } from "./gpu-js.ts";
import type { GpuMode } from "./gpu-mode.ts";
import { selfTest } from "./self-test.ts";
import { openWebGl2 } from "./webgl2.ts";
import { openWebGpu } from "./webgpu.ts";

export interface GpujsOptions {
  /**
   * `"webgpu"`, `"webgl2"` or `"auto"` (default): WebGPU, and where it is missing WebGL 2. `"cpu-debug"` is no GPU but the
   * same kernels as JavaScript, to step through.
   */
  readonly mode?: GpuMode | "auto" | "cpu-debug";
  /** @internal */
  readonly testing?: TestingOptions;
}

/** What tests reach into. */
interface TestingOptions {
  /** Wraps or replaces the namespace of gpu.js before anything is made with it. */
  readonly gpuJs?: ((loaded: GpuJs) => GpuJs) | undefined;
}

const ways = { webgpu: openWebGpu, webgl2: openWebGl2, "cpu-debug": openCpuDebug };

const OPTIONS = ["mode"];
const MODES = ["webgpu", "webgl2", "auto", "cpu-debug"];

/**
 * The GPU, through gpu.js 2.24.1: one set of kernels on WebGPU and WebGL 2.
 *
 * Opening fails with the reasons where neither is there, and nothing ever moves to the CPU. A device that is lost rejects
 * every read with a DeviceLostError: no number is returned that was not computed.
 *
 * ```ts
 * const device = await openDevice([gpujs(), cpu()]);
 * ```
 * @throws RangeError for an unknown option or a value that it cannot have
 */
export function gpujs(options: GpujsOptions = {}): BackendProvider<unknown> {
  const { mode = "auto" } = options;
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key) && key !== "testing");
  if (unknown !== undefined) {
    throw new RangeError(`gpujs: there is no option "${unknown}"; the option is ${OPTIONS.join(", ")}`);
  }
  if (!MODES.includes(mode)) {
    throw new RangeError(`gpujs: mode is ${MODES.map((name) => `"${name}"`).join(", ")}, not ${JSON.stringify(mode)}`);
  }
  return { name: "gpujs", open: (opening) => openGpujs(mode, options.testing ?? {}, opening) };
}

async function openGpujs(
  mode: NonNullable<GpujsOptions["mode"]>,
  { gpuJs: replace }: TestingOptions,
  { onError }: OpenOptions,
): Promise<Backend<Cell>> {
  const loaded = await loadGpuJs();
  const gpuJs = replace ? replace(loaded) : loaded;
  const reasons: string[] = [];
  for (const way of mode === "auto" ? (["webgpu", "webgl2"] as const) : [mode]) {
    try {
      return await openWay(gpuJs, way, onError);
    } catch (error) {
      reasons.push(`${way}: ${errorOf(error).message}`);
    }
  }
  throw new Error(reasons.join("; "));
}

async function openWay(
  gpuJs: GpuJs,
  way: GpuMode | "cpu-debug",
  onError: (error: Error) => void,
): Promise<Backend<Cell>> {
  // The device may be lost before there is a backend to tell.
  let early: string | undefined;
  let tell: OnLost = (reason) => {
    early ??= reason;
  };
  const accelerator = await ways[way](gpuJs, (reason) => tell(reason));
  // What fails while it is tried is the reason why it is not opened, and nobody's call.
  let report = (_error: Error): void => {};
  const { backend, lose } = openBackend(gpuJs, accelerator, (error) => report(error));
  tell = lose;
  if (early !== undefined) lose(early);
  try {
    await selfTest(backend);
  } catch (error) {
    await backend.close().catch(() => {});
    throw error;
  }
  report = onError;
  return backend;
}
