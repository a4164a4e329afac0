import { plain } from "@surprisal/backend-cpu/plain";
import type { Backend } from "@surprisal/core";
import { gpujs } from "./backend.ts";
import { check, type Verdict } from "./checks.ts";
import { trainByContract } from "./contract-training.ts";
import { trainByCore } from "./core-training.ts";
import type { Mode } from "./gpu-js.ts";
import { live } from "./live-objects.ts";
import { type Probe, probe } from "./probes.ts";
import type { Loop } from "./task.ts";

interface TrainingReport {
  readonly name: string;
  readonly steps: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
  readonly worstDeviation: number;
  /** The same for a CPU that rounds every kernel's result to float32 once: what float32 costs anyone. */
  readonly roundedDeviation: number;
  readonly shaders: number;
  /** How many differ in more than the output's length. */
  readonly sources: number;
  readonly launchesPerStep: number;
  readonly firstStepMs: number;
  readonly stepMs: number;
  /** Core's handles, and live textures or buffers, after steps 11, 501 and the last. */
  readonly live: readonly (readonly [handles: number, arrays: number])[];
}

export interface Report {
  readonly mode: Mode;
  readonly device: string;
  readonly verdicts: readonly Verdict[];
  readonly checkKernels: number;
  readonly checkMs: number;
  readonly training: readonly TrainingReport[];
  readonly probes: readonly Probe[];
  readonly errors: readonly string[];
  readonly liveAtEnd: number;
}

const count = (): number => live.textures + live.buffers;

type Path = "by the contract" | "by core" | "by core, no fusions";

/** Without the optimizers' fusions core derives them from the required kernels. */
function train<H>(path: Path, backend: Backend<H>, loop: Loop): Promise<number[]> {
  if (path === "by the contract") return trainByContract(backend, loop).finally(() => backend.close());
  const { sgd, adamw, ...required } = backend.kernels;
  const given = path === "by core" ? backend : { ...backend, kernels: required };
  return trainByCore({ name: backend.facts.name, open: () => given as Backend }, loop).catch(async (error) => {
    await backend.close();
    throw error;
  });
}

async function trainingReport(
  mode: Mode,
  optimizer: "sgd" | "adamw",
  path: Path,
  errors: string[],
): Promise<TrainingReport> {
  const steps = 1000;
  const onError = (error: Error) => errors.push(error.message);
  const backend = await gpujs(mode).open({ onError });
  const [shadersBefore, began] = [live.pipelines, performance.now()];
  let [firstStepMs, shaders] = [0, 0];
  const counts: [number, number][] = [];
  const losses = await train(path, backend, {
    steps,
    optimizer,
    onStep(step, handles) {
      if (step === 0) firstStepMs = performance.now() - began;
      // What the first steps enqueued may be compiled a little later.
      if (step === 3) shaders = live.pipelines - shadersBefore;
      if (step === 10 || step === 500 || step === steps - 1) counts.push([handles, count()]);
    },
  });
  const stepMs = (performance.now() - began - firstStepMs) / (steps - 1);
  const late = live.pipelines - shadersBefore - shaders;
  if (late > 0) errors.push(`${optimizer}: ${late} shaders compiled after the fourth step`);
  const expected = await train(path, await plain({ precision: "f64" }).open({ onError }), { steps, optimizer });
  const rounded = await train(path, await plain({ precision: "f32" }).open({ onError }), { steps, optimizer });
  const deviation = (curve: readonly number[]) => Math.max(...curve.map((loss, i) => Math.abs(loss - expected[i]!)));
  return {
    name: `${optimizer} ${path}`,
    steps,
    firstLoss: losses[0]!,
    lastLoss: losses.at(-1)!,
    worstDeviation: deviation(losses),
    roundedDeviation: deviation(rounded),
    shaders,
    sources: new Set(backend.programs.sources().map((key) => key.replace(/^\w+ \d+ /, ""))).size,
    launchesPerStep: backend.programs.calls / steps,
    firstStepMs,
    stepMs,
    live: counts,
  };
}

const runs = [
  ["sgd", "by the contract"],
  ["sgd", "by core"],
  ["adamw", "by core"],
  ["adamw", "by core, no fusions"],
] as const;

async function spike(mode: Mode): Promise<Report> {
  const errors: string[] = [];
  const onError = (error: Error) => errors.push(error.message);
  const backend = await gpujs(mode).open({ onError });
  const began = performance.now();
  const verdicts = await check(backend, await plain({ precision: "f64" }).open({ onError }));
  const [checkMs, checkKernels, device] = [performance.now() - began, backend.programs.compiled, backend.facts.device];
  await backend.close().catch((error: Error) => errors.push(`close: ${error.message}`));
  const training: TrainingReport[] = [];
  for (const [optimizer, path] of runs) {
    const report = await trainingReport(mode, optimizer, path, errors).catch((error: Error) => {
      errors.push(`${optimizer} ${path}: ${error.message}`);
    });
    if (report) training.push(report);
  }
  const liveAtEnd = count();
  return { mode, device, verdicts, checkKernels, checkMs, training, probes: await probe(mode), errors, liveAtEnd };
}

Object.assign(globalThis, { spike });
