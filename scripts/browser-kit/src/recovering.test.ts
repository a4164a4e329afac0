import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { gpujs } from "@surprisal/backend-gpujs";
import { gpujs as gpujsOnNode } from "@surprisal/backend-gpujs/node";
import { workers } from "@surprisal/backend-workers";
import { type Backend, type BackendProvider, type Device, openDevice, softmaxCrossEntropy } from "@surprisal/core";
import { adam, buildModel, dense, randomStream, sequential, stateDict } from "@surprisal/nn";
import { afterEach, describe, expect, test, vi } from "vitest";

const [ROWS, FEATURES, CLASSES, EPOCHS, STEPS] = [32, 20, 5, 4, 8];

/** A candidate, and how it is lost while it computes. */
interface Mortal {
  readonly provider: BackendProvider;
  readonly lose: (device: Device) => unknown;
}

/** What becomes of four epochs with Adam: all numbers that it changes, by name. `during` is called in the middle of each step. */
async function trained(
  candidates: readonly BackendProvider[],
  during: (step: number, device: Device) => unknown = () => {},
) {
  const device = await openDevice(candidates, { recover: true });
  const layers = sequential([
    dense(16, { activation: "relu", inputShape: [FEATURES] }),
    dense(CLASSES, { activation: "softmax" }),
  ]);
  const model = buildModel(device, layers, { seed: 2 });
  const optimizer = adam(model.parameters, { learningRate: 0.01 });
  const x = device.tensor(pixels(), [ROWS, FEATURES]);
  const labels = Uint8Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  let runs = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    await device.recovering(async () => {
      runs++;
      for (let i = 0; i < STEPS; i++) {
        await device.scoped(async (step) => {
          const { gradients } = step.valueAndGrad(
            (parameters) =>
              softmaxCrossEntropy(model.logits(x, { parameters, training: true, step: optimizer.steps }), { labels }),
            model.parameters,
          );
          await during(epoch * STEPS + i, device);
          optimizer.update(gradients);
        });
        await device.tick();
      }
    });
  }
  const numbers = { ...(await stateDict(model.parameters)), ...(await optimizer.stateDict()) };
  const statuses = device.report.candidates.map(({ status }) => status);
  await device.close();
  return { numbers, runs, statuses };
}

function pixels(): Float32Array {
  const random = randomStream(7, 0);
  return Float32Array.from({ length: ROWS * FEATURES }, () => random.nextFloat() - 0.5);
}

type Numbers = Awaited<ReturnType<typeof trained>>["numbers"];

/** The largest difference of two trainings' numbers, in units of max(1, |number|). */
function deviation(found: Numbers, expected: Numbers): number {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  let largest = 0;
  for (const [name, { data }] of Object.entries(expected)) {
    for (const [i, value] of data.entries()) {
      largest = Math.max(largest, Math.abs(found[name]!.data[i]! - value) / Math.max(1, Math.abs(value)));
    }
  }
  return largest;
}

/** A backend that somebody else closes. */
function closedBeneath(provider: BackendProvider): Mortal {
  let open: Backend | undefined;
  return {
    provider: {
      name: provider.name,
      async open(options) {
        open = (await provider.open(options)) as Backend;
        return { ...open, close: async () => {} };
      },
    },
    lose: () => void open?.close(),
  };
}

/** Workers that end all at once, and whoever is started in their place ends too; `queued` as in a page. */
function killedWorkers(queued: boolean): Mortal {
  const { getBuiltinModule } = process;
  const module = getBuiltinModule("node:worker_threads");
  let isDoomed = false;
  const started: InstanceType<typeof module.Worker>[] = [];
  class MortalWorker extends module.Worker {
    constructor(...given: ConstructorParameters<typeof module.Worker>) {
      super(...given);
      started.push(this);
      if (isDoomed) void this.terminate();
    }
  }
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads"
      ? { ...module, Worker: MortalWorker }
      : getBuiltinModule(name)) as typeof getBuiltinModule);
  return {
    provider: workers({ threads: 3, testing: { queued } }),
    lose(device) {
      isDoomed = true;
      for (const worker of started) void worker.terminate();
      // The caller computes too, and would soon be through: only after some deaths in vain are workers given up.
      return device.lost;
    },
  };
}

/** WebGPU whose device is destroyed. */
function destroyedGpu(): Mortal {
  let device: { destroy(): void } | undefined;
  const provider = gpujs({
    mode: "webgpu",
    testing: {
      gpuJs: (loaded) => ({
        ...loaded,
        WebGPUContext: {
          async acquire() {
            const acquired = await loaded.WebGPUContext.acquire();
            device = acquired.device;
            return acquired;
          },
        },
      }),
    },
  });
  return { provider, lose: () => device?.destroy() };
}

/** Opening WebGPU on Node leaves `navigator.gpu` there. Where it cannot be opened, the backend's own tests say why. */
const hasGpu = (await opens(gpujsOnNode())) || Boolean(process.env.CI);

async function opens(provider: BackendProvider<unknown>): Promise<boolean> {
  try {
    await (await provider.open({ onError: () => {} })).close();
    return true;
  } catch {
    return false;
  }
}

/** How far moments and weights may be off after 32 steps of two backends' roundings, in units of max(1, |number|). */
const ROUNDING = 4e-6;

const undisturbed = await trained([cpu()]);

afterEach(() => vi.restoreAllMocks());

/** Trains on a candidate that is lost in the fatal step, and on the next from there on. */
async function survived({ provider, lose }: Mortal, next: BackendProvider, fatal: number) {
  let isAlive = true;
  const outcome = await trained([provider, next], (step, device) => {
    if (step !== fatal || !isAlive) return;
    isAlive = false;
    return lose(device);
  });
  expect(outcome).toMatchObject({ runs: EPOCHS + 1, statuses: ["lost", "chosen"] });
  return outcome;
}

describe("a training with Adam goes on where its device is lost", { timeout: 120_000 }, () => {
  /** In the middle of an epoch, in its last step, and in the last of all. */
  const fatalSteps = [11, 15, EPOCHS * STEPS - 1];

  test.for(fatalSteps)("cpu, closed in step %i: bit by bit, on workers", async (fatal) => {
    const { numbers } = await survived(closedBeneath(cpu()), workers({ threads: 3 }), fatal);
    expect(numbers).toEqual(undisturbed.numbers);
  });

  test.for(fatalSteps)("workers, closed in step %i: bit by bit, on cpu", async (fatal) => {
    const { numbers } = await survived(closedBeneath(workers({ threads: 3 })), cpu(), fatal);
    expect(numbers).toEqual(undisturbed.numbers);
  });

  test.for(fatalSteps)("workers whose threads are killed in step %i: bit by bit, on cpu", async (fatal) => {
    const { numbers } = await survived(killedWorkers(false), cpu(), fatal);
    expect(numbers).toEqual(undisturbed.numbers);
  });

  test.for(fatalSteps)("workers of a page, killed in step %i: bit by bit, on cpu", async (fatal) => {
    const { numbers } = await survived(killedWorkers(true), cpu(), fatal);
    expect(numbers).toEqual(undisturbed.numbers);
  });

  test.skipIf(!hasGpu).for(fatalSteps)("WebGPU, destroyed in step %i: within rounding, on cpu", async (fatal) => {
    const { numbers } = await survived(destroyedGpu(), cpu(), fatal);
    const off = deviation(numbers, undisturbed.numbers);
    console.info(`WebGPU, destroyed in step ${fatal}: off by ${off.toExponential(1)}`);
    expect(off).toBeLessThan(ROUNDING);
  });

  test.skipIf(!hasGpu)("WebGPU on another WebGPU, and cpu on WebGPU: within rounding", async () => {
    for (const mortal of [destroyedGpu(), closedBeneath(cpu())]) {
      const { numbers } = await survived(mortal, gpujsOnNode(), 11);
      expect(deviation(numbers, undisturbed.numbers)).toBeLessThan(ROUNDING);
    }
  });

  test("cpu on plain: within rounding", async () => {
    const { numbers } = await survived(closedBeneath(cpu()), plain(), 11);
    expect(deviation(numbers, undisturbed.numbers)).toBeLessThan(ROUNDING);
  });
});
