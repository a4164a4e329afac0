import { compareContenders, type ShapeReport } from "../compare-contenders.ts";
import type { Effort } from "../interleave.ts";
import { lossByGpu } from "../peers/surprisal-gpu.ts";
import { tfjsLoss, tfjsLossByHand } from "../peers/tfjs.ts";
import { tfjsGpu } from "../peers/tfjs-gpu.ts";
import { fusedLoss } from "../workloads/loss.ts";

/** What the page that drives it gives. */
declare const load: () => Promise<number>;

const engines = [tfjsGpu("webgl"), tfjsGpu("webgpu")];
const workload = fusedLoss([
  lossByGpu("webgl2"),
  lossByGpu("webgpu"),
  ...engines.flatMap((engine) => [tfjsLoss(engine), tfjsLossByHand(engine)]),
]);

/** What the page offers. */
export interface GpuBench {
  readonly says: string;
  readonly name: string;
  compare(shape: string, effort: Effort): Promise<ShapeReport>;
}

const bench: GpuBench = {
  name: workload.name,
  says: workload.says,
  compare: (shape, effort) => compareContenders(workload, shape, effort, load),
};
Object.assign(globalThis, { bench });
