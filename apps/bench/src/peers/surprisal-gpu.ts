import { gpujs } from "@surprisal/backend-gpujs";
import { type Like, openDevice, softmaxCrossEntropy } from "@surprisal/core";
import type { LossContender } from "../workloads/loss.ts";

/** The fused loss on the GPU as users call it: a run ends when the loss has been read. */
export function lossByGpu(mode: "webgl2" | "webgpu"): LossContender {
  return {
    name: `surprisal ${mode}`,
    library: "surprisal",
    ours: true,
    says: "the public API: every run checks and uploads the labels, records and differentiates, and reads the loss",
    async setup({ rows, classes, logits, labels }) {
      const device = await openDevice([gpujs({ mode })]);
      const params = { z: device.parameter(logits, [rows, classes]) };
      const lossOf = ({ z }: Like<typeof params>) => softmaxCrossEntropy(z, { labels });
      return {
        device: device.facts.device,
        precision: device.facts.precision,
        run: () =>
          device.scoped(async (step) => {
            await step.valueAndGrad(lossOf, params).value.item();
          }),
        read: () =>
          device.scoped(async (step) => {
            const { value, gradients } = step.valueAndGrad(lossOf, params);
            return { loss: await value.item(), gradient: await gradients.z.data() };
          }),
        dispose: () => device.close(),
      };
    },
  };
}
