import { gpujs } from "@surprisal/backend-gpujs";
import { checkBackend } from "@surprisal/conformance";

/** Of each group so many cases stand for one more, beside those that make a shader. */
const ONE_IN = 16;

/**
 * A part of the quick tier that has a GPU in software compile and run every shader which the whole tier makes, and holds one
 * in sixteen of each group of cases, the first among them. Which case is the first to make a shader is seen by running the
 * tier once with `mode: "cpu-debug"`, whose kernels are the same sources.
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
  const chosen: string[] = [];
  const placeIn = new Map<string, number>();
  let before = 0;
  const { failed } = await checkBackend(
    { name: "gpujs, cpu-debug", create: () => counting },
    {
      onVerdict({ id, group, status }) {
        const place = placeIn.get(group) ?? 0;
        if (status === "passed" && (shaders > before || place % ONE_IN === 0)) chosen.push(id);
        if (status === "passed") placeIn.set(group, place + 1);
        before = shaders;
      },
    },
  );
  if (failed > 0) throw new Error(`${failed} cases failed with mode "cpu-debug": the backend's own tests say which`);
  return chosen.filter((id) => id !== "backend/close");
}
