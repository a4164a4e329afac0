import { expect, test } from "vitest";
import type { GpuJs, KernelArgument, KernelSettings } from "./gpu-js.ts";
import { gpujs } from "./gpujs.ts";

type Drop = (source: string) => boolean;

/** gpu.js whose driver leaves zeros, without a word, in place of what the chosen kernels give. */
const dropping =
  (drop: Drop) =>
  (loaded: GpuJs): GpuJs => ({
    ...loaded,
    GPU: class extends loaded.GPU {
      override createKernel(source: string, settings: KernelSettings) {
        const kernel = super.createKernel(source, settings);
        const run = (...values: KernelArgument[]) => {
          const answer = kernel(...values);
          return drop(source) && answer instanceof Float32Array ? answer.map(() => 0) : answer;
        };
        const { setOutput, destroy } = kernel;
        return Object.assign(run, { kernel: kernel.kernel, setOutput, destroy });
      }
    },
  });

/** The loss of [0, 0] and [3, 1] with labels 0 and 1, where the driver drops what `drop` says. */
async function losses(drop: Drop): Promise<number[]> {
  const provider = gpujs({ mode: "cpu-debug", testing: { gpuJs: dropping(drop) } });
  const backend = await provider.open({ onError: () => {} });
  const [logits, labels] = [backend.alloc("float", 4), backend.alloc("i32", 2)];
  const [rowLoss, gradient] = [backend.alloc("float", 2), backend.alloc("float", 4)];
  backend.write(logits, [0, 0, 3, 1]);
  backend.write(labels, [0, 1]);
  const params = { rows: 2, classes: 2, inner: 1, smoothing: 0, scale: 1 };
  backend.kernels.softmaxCrossEntropy({ rowLoss, gradient }, { logits, labels }, params);
  try {
    return Array.from(await backend.read(rowLoss));
  } finally {
    await backend.close();
  }
}

test("a loss whose launches all ran is returned", async () => {
  const [first, second] = await losses(() => false);
  expect(first).toBeCloseTo(Math.log(2), 6);
  expect(second).toBeCloseTo(2 + Math.log1p(Math.exp(-2)), 6);
});

const marked: string[] = [];
await losses((source) => {
  if (source.includes("end)") && !marked.includes(source)) marked.push(source);
  return false;
});

test("a loss with its gradient is five launches for few classes", () => {
  expect(marked).toHaveLength(5);
});

test.for(marked.map((source, i) => [i, source] as const))(
  "a draw that the driver drops is noticed at the next read: launch %i",
  async ([, dropped]) => {
    await expect(losses((source) => source === dropped)).rejects.toThrow(/the device is lost: .*did not run/);
  },
);

test("so is a look at the marks that is dropped itself", async () => {
  await expect(losses((source) => source.startsWith("function (guard"))).rejects.toThrow(/the device is lost/);
});
