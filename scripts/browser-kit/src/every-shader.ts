import { gpujs } from "@surprisal/backend-gpujs";
import { checkBackend } from "@surprisal/conformance";
import { oneInEachGroup } from "./quick-tier.ts";

/**
 * The cases of the quick tier that are the first to make a shader, and one in sixteen of each group: a GPU that runs them has
 * compiled and run every shader of the whole tier. Which they are is seen by running the tier once with `mode: "cpu-debug"`,
 * whose kernels are the same sources.
 */
export async function casesOfEveryShader(): Promise<readonly string[]> {
  let shaders = 0;
  const counting = gpujs({
    mode: "cpu-debug",
    testing: {
      gpuJs: (loaded) => ({
        ...loaded,
        GPU: class extends loaded.GPU {
          override createKernel(...given: Parameters<InstanceType<typeof loaded.GPU>["createKernel"]>) {
            shaders += 1;
            return super.createKernel(...given);
          }
        },
      }),
    },
  });
  const sample = new Set(oneInEachGroup(16));
  const chosen: string[] = [];
  let known = 0;
  const { failed } = await checkBackend(
    { name: "gpujs, cpu-debug", create: () => counting },
    {
      onVerdict({ id }) {
        if (shaders > known || sample.has(id)) chosen.push(id);
        known = shaders;
      },
    },
  );
  if (failed > 0) throw new Error(`${failed} cases failed with mode "cpu-debug": the backend's own tests say which`);
  if (shaders < 100) throw new Error(`the quick tier makes ${shaders} shaders: that cannot be all`);
  return chosen;
}
